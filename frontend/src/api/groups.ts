/** API client of router-service, through the gateway: groups. */
import type { Thousandths } from '../money/amount';
import { call, type Call } from './http';
import { type Writable, writeJson } from './json';

export interface ListedGroup {
  key: string;
  url: string;
  name: string;
  owner: boolean;
  members: number;
  /** The bills that count in it. */
  cheques: string[];
  /** Of the newest groups only. */
  balances?: GroupBalance[];
  created_at: string;
}

/** What a member still has to pay in one currency; negative if they are owed it. */
export interface GroupBalance {
  currency: string;
  to_pay: Thousandths;
}

export interface Member {
  id: number;
  name: string;
  namesake?: number;
  owner: boolean;
  has_account: boolean;
  has_left: boolean;
  balances?: GroupBalance[];
}

export interface GroupTransfer {
  from: number;
  to: number;
  currency: string;
  amount: Thousandths;
  /** Whether it can be paid from a balance; otherwise it is paid in cash. */
  by_balance: boolean;
}

export interface Entry {
  title: string;
  date: string;
  currency: string;
  amount: Thousandths;
  paid_by: Record<string, Thousandths>;
  /** Exactly one of these three. */
  members?: number[];
  shares?: Record<string, number>;
  amounts?: Record<string, Thousandths>;
}

export interface Expense extends Entry {
  id: number;
  revision: number;
  split: 'equal' | 'shares' | 'exact';
  /** What each bears. */
  parts: Record<string, Thousandths>;
  changed_by: number;
  changed_at: string;
}

/** A version of an expense. */
export type ExpenseVersion = Expense & { deleted: boolean };

export interface CountedCheque {
  hash: string;
  merchant?: string;
  purchased_on?: string;
  created_at: string;
  currency: string;
  total: Thousandths;
  payable: boolean;
  /** Which participant is which member. */
  participants: Record<string, number>;
  members: { member: number; paid: Thousandths; due: Thousandths }[];
}

export interface Payment {
  id: string;
  from: number;
  to: number;
  currency: string;
  amount: Thousandths;
  means: 'balance' | 'cash';
  state: 'pending' | 'paid' | 'failed' | 'withdrawn';
  reason?: string;
  recorded_by: number;
  created_at: string;
}

/** A group; who is no member sees who is in it, and not what they share. */
export interface Group {
  key: string;
  url: string;
  name: string;
  owner: boolean;
  joining_open: boolean;
  you: number | null;
  members: Member[];
  transfers?: GroupTransfer[];
  expenses?: Expense[];
  cheques?: CountedCheque[];
  settlements?: Payment[];
}

/** Whose request it is, for which group. */
export interface GroupCall {
  userId: number;
  key: string;
}

export async function listGroups(userId: number): Promise<ListedGroup[]> {
  return (await call<ListedGroup[]>('/groups', { userId })).data;
}

export async function createGroup(userId: number, body: string, idempotencyKey: string): Promise<Group> {
  return (await call<Group>('/groups', { userId, method: 'POST', body, idempotencyKey })).data;
}

export function readGroup(group: GroupCall): Promise<Group> {
  return send(group, '', {});
}

export function changeGroup(group: GroupCall, change: { name?: string; joining_open?: boolean }): Promise<Group> {
  return send(group, '', { method: 'PUT', body: writeJson({ ...change }) });
}

/** Joins, or with `without_account` adds a person; `member` is the person without an account who joins. */
export function join(
  group: GroupCall,
  who: { name: string; member?: number; without_account?: boolean },
  idempotencyKey: string,
): Promise<Group> {
  return send(group, '/members', { method: 'POST', body: writeJson({ ...who }), idempotencyKey });
}

export function leave(group: GroupCall, member: number): Promise<Group> {
  return send(group, `/members/${member}`, { method: 'DELETE' });
}

export function addExpense(group: GroupCall, body: string, idempotencyKey: string): Promise<Group> {
  return send(group, '/expenses', { method: 'POST', body, idempotencyKey });
}

export function editExpense(group: GroupCall, id: number, entry: Entry, revision: number): Promise<Group> {
  const body = writeJson({ ...entry, revision } as unknown as Writable);
  return send(group, `/expenses/${id}`, { method: 'PUT', body });
}

/** `revision` is the version that the member has seen. */
export function deleteExpense(group: GroupCall, id: number, revision: number): Promise<Group> {
  return send(group, `/expenses/${id}?revision=${revision}`, { method: 'DELETE' });
}

/** Every version of an expense, the newest first. */
export async function expenseHistory({ userId, key }: GroupCall, id: number): Promise<ExpenseVersion[]> {
  return (await call<ExpenseVersion[]>(`/groups/${key}/expenses/${id}/history`, { userId })).data;
}

/** `members` by participant, for those who are not members by their account. */
export function countCheque(group: GroupCall, hash: string, members: Record<string, number>): Promise<Group> {
  return send(group, `/cheques/${hash}`, { method: 'PUT', body: writeJson({ members }) });
}

export function takeChequeOut(group: GroupCall, hash: string): Promise<Group> {
  return send(group, `/cheques/${hash}`, { method: 'DELETE' });
}

/** The request body, which also identifies the draft: what the member has seen and agrees to. */
export function settleUpBody({ from, to, currency, amount }: GroupTransfer, means: 'balance' | 'cash'): string {
  return writeJson({ from, to, currency, amount, means });
}

export function settleUp(group: GroupCall, body: string, idempotencyKey: string): Promise<Group> {
  return send(group, '/settlements', { method: 'POST', body, idempotencyKey });
}

export function withdraw(group: GroupCall, payment: string): Promise<Group> {
  return send(group, `/settlements/${payment}`, { method: 'DELETE' });
}

export async function exportCsv({ userId, key }: GroupCall): Promise<string> {
  return (await call<string>(`/groups/${key}/export.csv`, { userId, read: (text) => text })).data;
}

async function send({ userId, key }: GroupCall, path: string, request: Omit<Call, 'userId'>): Promise<Group> {
  return (await call<Group>(`/groups/${key}${path}`, { ...request, userId })).data;
}
