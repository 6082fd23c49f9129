/** Describes the changes between two states of a shared cheque. */
import type { Cheque, Method, Participant, Part, SharedCheque, Tip } from '../api/model';
import { NOTHING } from './part';

export type Change =
  | { what: 'joined'; who: Participant }
  | { what: 'renamed'; who: Participant; before: string | null }
  | { what: 'left'; who: Participant }
  | { what: 'took'; who: Participant; line: string; part: Part }
  | { what: 'gaveBack'; who: Participant; line: string }
  | { what: 'method'; method: Method }
  | { what: 'tip'; tip: Tip | null }
  | { what: 'corrected' }
  | { what: 'named'; cheque: Cheque; createdAt: string }
  | { what: 'confirmed' }
  | { what: 'paying' | 'paid' | 'cash' | 'refunded'; who: Participant }
  | { what: 'joining'; open: boolean }
  | { what: 'negative' }
  | { what: 'rate'; rate: number | null }
  | { what: 'notPaid'; who: Participant; reason: string | null }
  | { what: 'settled' };

/** The changes, in a natural order for the activity log. */
export function changesBetween(before: SharedCheque, after: SharedCheque): Change[] {
  return [
    ...peopleChanges(before, after),
    ...chequeChanges(before, after),
    ...claimChanges(before, after),
    ...after.split.participants.flatMap((who) => settlementChanges(before, who)),
    ...(before.split.status !== 'settled' && after.split.status === 'settled' ? [{ what: 'settled' } as const] : []),
  ];
}

function peopleChanges(before: SharedCheque, after: SharedCheque): Change[] {
  const came = after.split.participants.flatMap((who): Change[] => {
    const known = person(before, who.id);
    if (!known) return [{ what: 'joined', who }];
    return known.name === who.name ? [] : [{ what: 'renamed', who, before: known.name }];
  });
  const left = before.split.participants.filter(({ id }) => !person(after, id));
  return [...came, ...left.map((who): Change => ({ what: 'left', who }))];
}

function chequeChanges(before: SharedCheque, after: SharedCheque): Change[] {
  const changes: Change[] = [];
  const contents = ({ cheque }: SharedCheque) => written({ ...cheque, merchant: null, purchased_on: null });
  if (contents(before) !== contents(after)) changes.push({ what: 'corrected' });
  const title = ({ cheque }: SharedCheque) => written([cheque.merchant ?? null, cheque.purchased_on ?? null]);
  if (title(before) !== title(after)) {
    changes.push({ what: 'named', cheque: after.cheque, createdAt: after.split.created_at });
  }
  if (!before.split.confirmed && after.split.confirmed) changes.push({ what: 'confirmed' });
  const rules = ({ split: { method, shares, percents, amounts } }: SharedCheque) =>
    written([method, shares, percents, amounts]);
  if (rules(before) !== rules(after)) changes.push({ what: 'method', method: after.split.method });
  if (written(before.split.negative_lines) !== written(after.split.negative_lines)) changes.push({ what: 'negative' });
  if (before.split.rate !== after.split.rate) changes.push({ what: 'rate', rate: after.split.rate });
  if (before.split.joining_open !== after.split.joining_open) {
    changes.push({ what: 'joining', open: after.split.joining_open });
  }
  if (written(before.split.tip) !== written(after.split.tip)) changes.push({ what: 'tip', tip: after.split.tip });
  return changes;
}

function claimChanges(before: SharedCheque, after: SharedCheque): Change[] {
  return after.cheque.products.flatMap(({ id, name }) =>
    after.split.participants.flatMap((who): Change[] => {
      const had = partOf(before, id, who.id);
      const has = partOf(after, id, who.id);
      if (written(had) === written(has)) return [];
      if (has.numerator === 0) return [{ what: 'gaveBack', who, line: name }];
      return [{ what: 'took', who, line: name, part: has }];
    }),
  );
}

function settlementChanges(before: SharedCheque, who: Participant): Change[] {
  const { state, transfer_id, reason } = who.settlement;
  const old = person(before, who.id);
  if (old && who.paid < old.paid) return [{ what: 'refunded', who }];
  const known = old?.settlement;
  if (known && known.state === state && known.transfer_id === transfer_id) return [];
  switch (state) {
    case 'pending':
      return [{ what: 'paying', who }];
    case 'paid':
    case 'cash':
      return [{ what: state, who }];
    case 'failed':
      return [{ what: 'notPaid', who, reason: reason ?? null }];
    case 'none':
    case 'owner':
      return [];
  }
}

/** Whether money of the participant has moved or is moving, so that their claims are fixed. */
export function hasStarted(who: Participant | null): boolean {
  return who !== null && (who.paid !== 0n || who.settlement.state === 'pending' || who.settlement.refund?.state === 'pending');
}

/** Names of the negative lines that must be claimed before any payment. */
export function openNegativeLines(shared: SharedCheque): string[] {
  if (shared.split.method !== 'items') return [];
  const open = shared.split.negative_lines.filter(
    ({ line, applies }) => applies === 'claimed' && leftOf(shared, line).numerator > 0,
  );
  return open.map(({ line }) => shared.cheque.products.find(({ id }) => id === line)?.name ?? '');
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

function written(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ?? '';
}
