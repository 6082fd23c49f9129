/** Adds money to the user's account. */
import type { Activity } from '../activity/activity.svelte';
import { Failure } from '../api/failure';
import { topUp as sendTopUp, topUpBody } from '../api/payments';
import { failureWords } from '../i18n/failure-words';
import type { Thousandths } from '../money/amount';
import type { Draft } from '../state/draft.svelte';
import { asFailure } from '../state/pager.svelte';
import type { AccountState } from './account.svelte';

/** The account, and the objects to notify. */
export interface TopUpFor {
  userId: number;
  account: AccountState;
  activity: Activity;
}

/** Returns the failure, or `null`. */
export async function topUp(
  { userId, account, activity }: TopUpFor,
  draft: Draft<{ amount: string }>,
  amount: Thousandths,
): Promise<Failure | null> {
  const body = topUpBody(amount);
  try {
    const { balance } = await sendTopUp(userId, body, draft.keyFor(body));
    draft.done();
    account.show(balance);
    activity.tell('deed', ({ words, money }) =>
      words.log.toppedUp(money.full(amount), money.full(balance)),
    );
    // A payment may have been charged since the server's response.
    void account.refresh();
    return null;
  } catch (cause) {
    const failure = asFailure(cause);
    activity.tell('bad', ({ words, money }) =>
      words.log.notToppedUp(money.full(amount), failureWords(words, failure)),
    );
    return failure;
  }
}
