/** What an order is called: by what it is for, else by the end of its id. */
import type { Words } from '../i18n/en';

// The tail, because the head of a UUIDv7 is the time: alike for all orders of one minute.
const TAIL_CHARS = 6;

export function orderTitle(words: Words, id: string, description: string | null | undefined): string {
  return description || words.order.numbered(id.slice(-TAIL_CHARS));
}
