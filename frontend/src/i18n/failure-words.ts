/** Describes a failure to the user by its stable code; never with the server's own texts. */
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
    case 'balance_too_large':
    case 'cancelled_by_user':
    case 'payment_timeout':
      return words.reason[reason];
    default:
      // A newer server may have reasons that this page does not know.
      return words.reason.other(reason);
  }
}
