/** API client of payments-service, through the gateway. */
import type { Thousandths } from '../money/amount';
import { Failure } from './failure';
import { type Answer, call } from './http';
import { writeJson } from './json';
import type { Account, ToppedUp, Transaction } from './model';

const PAGE_ROWS = 20;

/** The balance, or `null` if the user has no account yet. */
export async function readBalance(userId: number): Promise<Thousandths | null> {
  try {
    return (await call<Account>('/payments/account/balance', { userId })).data.balance;
  } catch (failure) {
    if (failure instanceof Failure && failure.code === 'account_not_found') return null;
    throw failure;
  }
}

export async function openAccount(userId: number): Promise<Thousandths> {
  const request = { method: 'POST', userId } as const;
  return (await call<Account>('/payments/account', request)).data.balance;
}

export function topUpBody(amount: Thousandths): string {
  return writeJson({ amount });
}

export async function topUp(userId: number, body: string, key: string): Promise<ToppedUp> {
  const request = { method: 'POST', userId, body, idempotencyKey: key } as const;
  return (await call<ToppedUp>('/payments/account/topup', request)).data;
}

export function listTransactions(userId: number, cursor: string | null): Promise<Answer<Transaction[]>> {
  const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
  if (cursor) query.set('cursor', cursor);
  return call<Transaction[]>(`/payments/account/transactions?${query}`, { userId });
}
