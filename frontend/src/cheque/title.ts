/** What a bill is called: "Cafe Luna, 5 Feb", or by the time when it was shared. */
import type { Transaction } from '../api/model';
import type { Speech } from '../i18n/speech.svelte';
import { isolated } from './isolated';

export const MERCHANT_CHARS_MAX = 80;

export interface Titled {
  merchant?: string | null;
  /** `2026-02-05`. */
  purchased_on?: string | null;
}

/** `sharedAt` names a bill of which nothing else is known. */
export function titleOf(speech: Speech, { merchant, purchased_on }: Titled, sharedAt: string | null): string {
  const { words } = speech;
  if (merchant) return purchased_on ? `${isolated(merchant)}, ${speech.day(purchased_on)}` : isolated(merchant);
  if (purchased_on) return words.cheque.naming.of(speech.day(purchased_on));
  return sharedAt === null ? words.cheque.title : words.cheque.naming.of(speech.minute(new Date(sharedAt)));
}

/** What a transfer was for: "Anna for Cafe Luna, 5 Feb". */
export function purposeOf(speech: Speech, cheque: NonNullable<Transaction['cheque']>): string {
  const title = titleOf(speech, cheque, null);
  return cheque.participant ? speech.words.cheque.naming.paysFor(isolated(cheque.participant), title) : title;
}
