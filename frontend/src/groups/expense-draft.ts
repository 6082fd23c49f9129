/** The form of an expense: what is typed, and what it means. */
import type { Entry, Expense, Member } from '../api/groups';
import { isTooPrecise, readAmount, readSigned, type Thousandths, typedText } from '../money/amount';
import { decimalsOf } from '../money/format';

export interface ExpenseDraft {
  title: string;
  date: string;
  currency: string;
  amount: string;
  /** The member who has paid it all; null if several have. */
  payer: number | null;
  /** What each of several has paid, as typed, by member. */
  paid: Record<number, string>;
  split: Expense['split'];
  chosen: Record<number, boolean>;
  shares: Record<number, string>;
  amounts: Record<number, string>;
}

export type DraftRefusal = 'title' | 'date' | 'currency' | 'amount' | 'decimals' | 'paid' | 'nobody' | 'shares' | 'amounts';
export type ReadDraft = { ok: true; entry: Entry } | { ok: false; refusal: DraftRefusal };

/** A new expense that you have paid for all. */
export function newExpense(members: Member[], you: number, date: string, currency: string): ExpenseDraft {
  const blank = Object.fromEntries(members.map(({ id }) => [id, '']));
  return {
    title: '',
    date,
    currency,
    amount: '',
    payer: you,
    paid: { ...blank },
    split: 'equal',
    chosen: Object.fromEntries(members.map(({ id }) => [id, true])),
    shares: Object.fromEntries(members.map(({ id }) => [id, '1'])),
    amounts: { ...blank },
  };
}

/** An expense to be edited. */
export function draftOf(expense: Expense, members: Member[]): ExpenseDraft {
  const draft = newExpense(members, 0, expense.date, expense.currency);
  const payers = Object.entries(expense.paid_by).filter(([, paid]) => paid !== 0n);
  draft.title = expense.title;
  const text = (amount: Thousandths) => typedText(amount, decimalsOf(expense.currency));
  draft.amount = text(expense.amount);
  draft.split = expense.split;
  draft.payer = payers.length === 1 ? Number(payers[0]?.[0]) : null;
  for (const [id, paid] of payers) draft.paid[Number(id)] = text(paid);
  if (expense.members) {
    for (const { id } of members) draft.chosen[id] = expense.members.includes(id);
  }
  if (expense.shares) {
    for (const { id } of members) draft.shares[id] = String(expense.shares[id] ?? 0);
  }
  for (const [id, amount] of Object.entries(expense.amounts ?? {})) draft.amounts[Number(id)] = text(amount);
  return draft;
}

export function readExpense(draft: ExpenseDraft): ReadDraft {
  const title = draft.title.trim();
  if (title === '') return refuse('title');
  if (!/^\d{4}-\d\d-\d\d$/.test(draft.date)) return refuse('date');
  const currency = draft.currency.trim().toUpperCase();
  if (!/^[A-Z]{3}$/.test(currency)) return refuse('currency');
  const decimals = decimalsOf(currency);
  const amount = readAmount(draft.amount, decimals);
  if (!amount.ok) return refuse(amount.refusal === 'too_precise' ? 'decimals' : 'amount');
  const typed = [...(draft.payer === null ? Object.values(draft.paid) : []), ...(draft.split === 'exact' ? Object.values(draft.amounts) : [])];
  if (typed.some((text) => isTooPrecise(text, decimals))) return refuse('decimals');
  const paid = draft.payer === null ? typedAmounts(draft.paid, decimals) : { [draft.payer]: amount.amount };
  if (paid === null || sum(paid) !== amount.amount) return refuse('paid');
  const entry = { title, date: draft.date, currency, amount: amount.amount, paid_by: paid };
  if (draft.split === 'equal') {
    const members = Object.entries(draft.chosen).flatMap(([id, chosen]) => (chosen ? [Number(id)] : []));
    return members.length === 0 ? refuse('nobody') : { ok: true, entry: { ...entry, members } };
  }
  if (draft.split === 'shares') {
    const shares = Object.entries(draft.shares).filter(([, share]) => !/^\s*0*\s*$/.test(share));
    if (shares.length === 0) return refuse('nobody');
    if (!shares.every(([, share]) => /^\s*\d{1,4}\s*$/.test(share) && Number(share) <= 1000)) return refuse('shares');
    return { ok: true, entry: { ...entry, shares: Object.fromEntries(shares.map(([id, share]) => [id, Number(share)])) } };
  }
  const amounts = typedAmounts(draft.amounts, decimals);
  if (amounts === null || sum(amounts) !== amount.amount) return refuse('amounts');
  return { ok: true, entry: { ...entry, amounts } };
}

/** What is missing until the typed amounts are the whole; null if something typed is no amount. */
export function missing(whole: string, typed: Record<number, string>, decimals: number): Thousandths | null {
  const amount = readAmount(whole, decimals);
  const amounts = typedAmounts(typed, decimals);
  return amount.ok && amounts !== null ? amount.amount - sum(amounts) : null;
}

/** Amounts by member without empty and zero ones; null if something typed is no amount. */
function typedAmounts(typed: Record<number, string>, decimals: number): Record<string, Thousandths> | null {
  const amounts: Record<string, Thousandths> = {};
  for (const [id, text] of Object.entries(typed)) {
    if (text.trim() === '') continue;
    const amount = readSigned(text, decimals);
    if (amount === null || amount < 0n) return null;
    if (amount > 0n) amounts[id] = amount;
  }
  return amounts;
}

function sum(amounts: Record<string, Thousandths>): Thousandths {
  return Object.values(amounts).reduce((all, amount) => all + amount, 0n);
}

function refuse(refusal: DraftRefusal): ReadDraft {
  return { ok: false, refusal };
}
