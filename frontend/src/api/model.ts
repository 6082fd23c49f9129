/** What the page works with: the wire types, with money as exact minor units. */
import type { Minor } from '../money/amount';
import type { components } from './types';

type Schemas = components['schemas'];
type WithMoney<T, K extends keyof T> = Omit<T, K> & { [key in K]: Minor };

export type Order = WithMoney<Schemas['Order'], 'amount'>;
export type OrderStatus = Schemas['Order']['status'];
export type OrderMessage = WithMoney<Schemas['OrderMessage'], 'amount'>;
export type Account = WithMoney<Schemas['Account'], 'balance'>;
export type ToppedUp = WithMoney<Schemas['ToppedUp'], 'balance'>;
export type Transaction = WithMoney<Schemas['Transaction'], 'amount' | 'balance_after'>;
export type GatewayInfo = Schemas['GatewayInfo'];
export type Problem = Schemas['Problem'];

export const ORDER_STATUSES = ['PENDING', 'PAID', 'FAILED', 'CANCELLING', 'CANCELLED'] as const;

/** Whether somebody still has to decide about the order's money. */
export function isOpen(status: OrderStatus): boolean {
  return status === 'PENDING' || status === 'CANCELLING';
}
