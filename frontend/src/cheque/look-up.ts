/** What the state of a shared cheque says about its participants and lines. */
import type { Participant, Part, Payment, SharedCheque } from '../api/model';
import { NOTHING } from './part';

/** Whether money of the participant has moved or is moving, so that their claims are fixed. */
export function hasStarted(who: Participant | null): boolean {
  // The owner can always take what is left.
  return who !== null && who.role !== 'owner' && (who.paid !== 0n || who.settlement.state === 'pending' || who.settlement.refund?.state === 'pending');
}

/** Names of the negative lines that must be claimed before any payment. */
export function openNegativeLines(shared: SharedCheque): string[] {
  if (shared.split.method !== 'items') return [];
  const open = shared.split.negative_lines.filter(
    ({ line, applies }) => applies === 'claimed' && leftOf(shared, line).numerator > 0,
  );
  return open.map(({ line }) => shared.cheque.products.find(({ id }) => id === line)?.name ?? '');
}

/** Whether others than the owner have paid the restaurant too. */
export function hasSeveralPayers({ split }: SharedCheque): boolean {
  return split.participants.some(({ role, advance }) => role !== 'owner' && (advance ?? 0n) > 0n);
}

/** Who still has to pay whom. */
export function planOf({ split }: SharedCheque): Payment[] {
  return split.plan ?? [];
}

export function person({ split }: SharedCheque, id: number | null): Participant | undefined {
  return split.participants.find((participant) => participant.id === id);
}

/** The part of a line claimed by a participant. */
export function partOf({ split }: SharedCheque, line: number, participant: number | null): Part {
  const claim = split.claims.find((one) => one.line === line && one.participant === participant);
  return claim ? { numerator: claim.numerator, denominator: claim.denominator } : NOTHING;
}

/** The unclaimed part of a line. */
export function leftOf({ split }: SharedCheque, line: number): Part {
  const left = split.remainders.find((one) => one.line === line);
  return left ? { numerator: left.numerator, denominator: left.denominator } : NOTHING;
}
