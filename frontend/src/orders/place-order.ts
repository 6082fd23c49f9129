/** Places the drafted order: shown at once, made real by the server's answer. */
import { tellPlaced } from '../activity/tell-order';
import { Failure } from '../api/failure';
import { orderBody, placeOrder as sendOrder, type OrderDraft } from '../api/orders';
import { failureWords } from '../i18n/failure-words';
import { asFailure } from '../state/pager.svelte';
import type { Session } from '../state/session.svelte';

/** Returns why it did not work, or `null`. A draft that failed keeps its fields and its key. */
export async function placeOrder(session: Session, draft: OrderDraft): Promise<Failure | null> {
  const { userId, orders, book, orderDraft, activity } = session;
  const body = orderBody(draft);
  const key = orderDraft.keyFor(body);
  orders.announce({ key, ...draft, at: new Date() });
  try {
    const order = await sendOrder(userId, body, key);
    orderDraft.done();
    tellPlaced(activity, order, true);
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
