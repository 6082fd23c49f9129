/** Why a sign-in, or a change of its second step, failed. */
import type { Failure } from '../api/failure';
import type { Words } from '../i18n/en';

export function failureNote(words: Words, why: Failure): string {
  const known: Record<string, string> = words.signIn.failure;
  const seconds = why.problem?.retry_after_seconds;
  if (why.problem?.status === 429 && seconds) return words.signIn.tooMany(Math.ceil(seconds / 60));
  if (why.errorAt('/code')) return words.secondFactor.codeRefused;
  return known[why.code] ?? words.failure.unknown;
}
