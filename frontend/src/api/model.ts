/** The page's data types: the API types, with money in exact thousandths. */
import type { Thousandths } from '../money/amount';
import type { Writable } from './json';
import type { components } from './types';

type Schemas = components['schemas'];
type WithMoney<T, K extends keyof T> = Omit<T, K> & { [key in K]: Thousandths };

export type Order = WithMoney<Schemas['Order'], 'amount'>;
export type OrderStatus = Schemas['Order']['status'];
export type OrderMessage = WithMoney<Schemas['OrderMessage'], 'amount'>;
export type Account = WithMoney<Schemas['Account'], 'balance'>;
export type ToppedUp = WithMoney<Schemas['ToppedUp'], 'balance'>;
export type Transaction = WithMoney<Schemas['Transaction'], 'amount' | 'balance_after'>;
export type GatewayInfo = Schemas['GatewayInfo'];
/** A problem document with information from the response headers. */
export type Problem = Schemas['Problem'] & { retry_after_seconds?: number };

// Like `WithMoney`, for optional fields.
type Exact<T, K extends keyof T> = {
  [key in keyof T]: key extends K ? Exclude<T[key], number> | Thousandths : T[key];
};

type ChequeMoney = 'total_account' | 'service' | 'discount' | 'tax' | 'tip' | 'rounding' | 'difference';

export type Product = Exact<Schemas['Product'], 'numberServings' | 'price' | 'total'>;
export type PossibleTotal = Exact<Schemas['PossibleTotal'], 'amount'>;
export type Cheque = Omit<Exact<Schemas['Cheque'], ChequeMoney>, 'products' | 'totals'> & {
  products: Product[];
  totals?: PossibleTotal[];
};
export type ChequeWarning = Schemas['Cheque']['warnings'][number];
export type LineWarning = Product['warnings'][number];
export type ReadCheque = Omit<Schemas['ReadCheque'], 'cheque'> & { cheque: Cheque };
export type Reading = Schemas['Reading'];

export type Part = Schemas['Part'];
export type Claim = Schemas['Claim'];
export type Tip = Exact<Schemas['Tip'], 'percent' | 'amount'>;
export type Refund = Exact<Schemas['Refund'], 'amount'>;
export type Settlement = Omit<Exact<Schemas['Settlement'], 'amount'>, 'refund'> & { refund?: Refund };
export type NegativeLine = Schemas['NegativeLine'];
export type Report = Exact<Schemas['ReportedPayment'], 'amount'>;
/** Who still has to pay whom. */
export type Payment = Exact<Schemas['PlannedPayment'], 'amount' | 'to_transfer'>;
export type ReminderText = Exact<Schemas['ReminderText'], 'amount'>;
export type Participant = Omit<
  Exact<Schemas['Participant'], 'due' | 'paid' | 'to_pay' | 'to_transfer' | 'advance'>,
  'settlement' | 'reported'
> & { settlement: Settlement; reported?: Report };
export type Method = Schemas['Split']['method'];
export type Split = Omit<
  WithMoney<Schemas['Split'], 'total' | 'unclaimed'>,
  'tip' | 'participants' | 'plan' | 'paid_between' | 'percents' | 'amounts'
> & {
  tip: Tip | null;
  participants: Participant[];
  plan?: Payment[];
  paid_between?: Exact<Schemas['PaidBetween'], 'amount'>[];
  /** Thousandths of a percent. */
  percents?: Record<string, Thousandths>;
  amounts?: Record<string, Thousandths>;
};
export type SharedCheque = Omit<Schemas['SharedCheque'], 'cheque' | 'split'> & { cheque: Cheque; split: Split };
// As `Exact`, for each member of a union.
type ExactEach<T, K extends PropertyKey> = T extends unknown
  ? { [key in keyof T]: key extends K ? Exclude<T[key], number> | (number extends T[key] ? Thousandths : never) : T[key] }
  : never;

/** One fact of the history of a cheque; `before` of a new name is text. */
export type Change =
  | ExactEach<Exclude<Schemas['Change'], { what: 'payers' }>, 'amount' | 'before' | 'after' | 'quantity_before' | 'quantity_after'>
  | { what: 'payers'; payers: WithMoney<Schemas['Payer'], 'amount'>[] };
export type ChequeActivity = Omit<Schemas['Activity'], 'changes'> & { changes: Change[] };
export type ListedCheque = Omit<Exact<Schemas['ListedCheque'], 'total_account' | 'due'>, 'settlement'> & {
  settlement: Settlement | null;
};
export type Due = Exact<
  Schemas['Due'],
  'items' | 'service' | 'discount' | 'tax' | 'tip' | 'rounding' | 'difference' | 'due'
>;

export type Messaging = Schemas['Messaging'];
export type Lane = Schemas['Lane'];
export type DeadLetter = Schemas['DeadLetter'];
export type DeadLetterState = DeadLetter['state'];
export type Direction = DeadLetter['direction'];
export type DeadLetterFilter = Schemas['DeadLetterFilter'];
/** With the payload as received: its numbers are `NumberLiteral`s. */
export type OpenedDeadLetter = Omit<Schemas['OpenedDeadLetter'], 'payload'> & { payload?: Writable };

export const METHODS = ['items', 'equal', 'shares', 'percent', 'exact'] as const;
export const DEAD_LETTER_STATES = ['open', 'replayed', 'discarded'] as const;
export const DIRECTIONS = ['incoming', 'outgoing'] as const;
export const ORDER_STATUSES = ['PENDING', 'PAID', 'FAILED', 'CANCELLING', 'CANCELLED'] as const;

/** Whether the order's payment is not decided yet. */
export function isOpen(status: OrderStatus): boolean {
  return status === 'PENDING' || status === 'CANCELLING';
}
