/** Places the drafted order: shown immediately, replaced by the server's response. */
import { logPlaced } from '../activity/log-order';
import { Failure } from '../api/failure';
import { orderBody, placeOrder as sendOrder, type OrderDraft } from '../api/orders';
import { failureWords } from '../i18n/failure-words';
import { asFailure } from '../state/pager.svelte';
import type { Session } from '../state/session.svelte';

/** Returns the failure, or `null`. After a failure the draft keeps its fields and its key. */
export async function placeOrder(session: Session, draft: OrderDraft): Promise<Failure | null> {
  const { userId, orders, book, orderDraft, activity } = session;
  const body = orderBody(draft);
  const key = orderDraft.keyFor(body);
  orders.announce({ key, ...draft, at: new Date() });
  try {
    const order = await sendOrder(userId, body, key);
    orderDraft.done();
    logPlaced(activity, order, true);
    orders.settle(key, book.learn(order, 'placed'));
    return null;
  } catch (cause) {
    const failure = asFailure(cause);
    orders.withdraw(key);
    activity.tell('bad', ({ words, money }) =>
      words.log.notPlaced(money.full(draft.amount), failureWords(words, failure)),
    );
    return failure;
  }
}
