/** The status of a listed cheque from the user's point of view. */
import type { ListedCheque } from '../api/model';
import type { PillTone } from '../ui/pill-tone';

export type ListedCode = 'settled' | 'expired' | 'paying' | 'paid' | 'failed' | 'topay' | 'open';

export function listedStatus(
  { status, owner, settlement, due, expires_at }: ListedCheque,
  now: number,
): { code: ListedCode; tone: PillTone } {
  if (status === 'settled') return { code: 'settled', tone: 'good' };
  const state = settlement?.state;
  if (!owner && (state === 'paid' || state === 'cash')) return { code: 'paid', tone: 'good' };
  if (Date.parse(expires_at) <= now) return { code: 'expired', tone: 'quiet' };
  if (state === 'pending') return { code: 'paying', tone: 'wait' };
  if (state === 'failed') return { code: 'failed', tone: 'bad' };
  return !owner && due > 0n ? { code: 'topay', tone: 'wait' } : { code: 'open', tone: 'quiet' };
}
