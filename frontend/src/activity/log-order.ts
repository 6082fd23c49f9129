/** Logs what happened to an order. */
import type { Order } from '../api/model';
import { reasonWords } from '../i18n/failure-words';
import type { Speech } from '../i18n/speech.svelte';
import type { Activity } from './activity.svelte';

export function logPlaced(activity: Activity, order: Order, here: boolean): void {
  const say = ({ words, money }: Speech) =>
    (here ? words.log.placed : words.log.placedElsewhere)(money.full(order.amount));
  activity.tell(here ? 'deed' : 'quiet', say, order.id);
}

export function logStatus(activity: Activity, order: Order): void {
  const amount = ({ money }: Speech) => money.full(order.amount);
  const why = ({ words }: Speech) => reasonWords(words, order.reason);
  switch (order.status) {
    case 'PAID':
      activity.tell('good', (speech) => speech.words.log.paid(amount(speech)), order.id);
      return;
    case 'FAILED':
      activity.tell('bad', (speech) => speech.words.log.failed(amount(speech), why(speech)), order.id);
      return;
    case 'CANCELLING':
      activity.tell('wait', (speech) => speech.words.log.cancelling(amount(speech)), order.id);
      return;
    case 'CANCELLED':
      activity.tell('quiet', (speech) => speech.words.log.cancelled(amount(speech), why(speech)), order.id);
      return;
    case 'PENDING':
      activity.tell('wait', (speech) => speech.words.log.pending(amount(speech)), order.id);
  }
}
