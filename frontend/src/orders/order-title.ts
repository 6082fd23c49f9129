/** The title of an order: its description, else the end of its id. */
import type { Words } from '../i18n/en';

// The end, because the beginning of a UUIDv7 is the time: similar for all orders of one minute.
const TAIL_CHARS = 6;

export function orderTitle(words: Words, id: string, description: string | null | undefined): string {
  return description || words.order.numbered(id.slice(-TAIL_CHARS));
}
