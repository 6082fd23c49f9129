/** A failure as a sentence for the person, by stable code; never the server's own words. */
import type { Failure } from '../api/failure';
import type { Words } from './en';

export function failureWords(words: Words, failure: Failure): string {
  const known: Record<string, string> = words.failure;
  if (failure.errorAt('/amount')) return words.failure.amountRefused;
  if (failure.errorAt('/description')) return words.failure.descriptionRefused;
  return known[failure.code] ?? words.failure.unknown;
}

export function reasonWords(words: Words, reason: string | null): string {
  if (reason === null) return '';
  switch (reason) {
    case 'insufficient_funds':
    case 'no_account':
    case 'cancelled_by_user':
    case 'payment_timeout':
      return words.reason[reason];
    default:
      // A newer server may know reasons that this page does not.
      return words.reason.other(reason);
  }
}
