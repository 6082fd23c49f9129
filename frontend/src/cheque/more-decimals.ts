/** Amounts that were read from a photo with more decimals than their currency has. */
import type { Cheque } from '../api/model';
import { unitOf } from '../money/amount';
import { decimalsOf } from '../money/format';

/** Whether an amount that is paid has more decimals than the currency of the bill. */
export function hasMoreDecimals(cheque: Cheque): boolean {
  const { total_account, service, discount, tax, tip, rounding, products } = cheque;
  const unit = unitOf(decimalsOf(cheque.currency ?? ''));
  const amounts = [total_account, service, discount, tax, tip, rounding, ...products.map(({ total }) => total)];
  return amounts.some((amount) => amount != null && amount % unit !== 0n);
}
