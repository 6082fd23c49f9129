/** In what a version of an expense differs from the one before. */
import type { Expense } from '../api/groups';

export const CHANGES = ['title', 'amount', 'date', 'paidBy', 'split'] as const;
export type ExpenseChange = (typeof CHANGES)[number];

export function changedFields(before: Expense, after: Expense): ExpenseChange[] {
  const isSame: Record<ExpenseChange, boolean> = {
    title: before.title === after.title,
    amount: before.amount === after.amount && before.currency === after.currency,
    date: before.date === after.date,
    paidBy: text(before.paid_by) === text(after.paid_by),
    split: before.split === after.split && text(before.parts) === text(after.parts),
  };
  return CHANGES.filter((change) => !isSame[change]);
}

/** Amounts by member, in an order that does not matter. */
function text(amounts: Record<string, bigint>): string {
  const ids = Object.keys(amounts).sort((one, other) => Number(one) - Number(other));
  return ids.map((id) => `${id}:${amounts[id]}`).join();
}
