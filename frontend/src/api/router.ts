/** API client of router-service, through the gateway: shared cheques. */
import type { Thousandths } from '../money/amount';
import { quantityText } from '../money/quantity';
import { type Answer, call, type Call } from './http';
import { NumberLiteral, type Writable, writeJson } from './json';
import type { ChequeActivity, Due, ListedCheque, Method, NegativeLine, Part, ReminderText, SharedCheque, Tip } from './model';

/** The identity of a visitor: a user, a guest with a token, both, or anonymous. */
export interface Visitor {
  userId: number | null;
  participantToken: string | null;
}

/** A shared cheque, as seen by one visitor. */
export interface Table {
  hash: string;
  visitor: Visitor;
}

export interface Correction {
  /** The version of the state on which the correction is based. */
  version?: number;
  /** All lines; for a new bill. */
  products?: CorrectedLine[];
  /** Edits of single lines. */
  lines?: LineEdits;
  total_account?: Thousandths | null;
  service?: Thousandths | null;
  discount?: Thousandths | null;
  tax?: Thousandths | null;
  tip?: Thousandths | null;
  rounding?: Thousandths | null;
  currency?: string | null;
  merchant?: string | null;
  purchased_on?: string | null;
  confirmed?: boolean;
}

export interface LineEdits {
  set: (CorrectedLine & SeenLine)[];
  add: CorrectedLine[];
  remove: SeenLine[];
}

/** A line, and the version in which it was read. */
export interface SeenLine {
  id: number;
  version: number;
}

export interface CorrectedLine {
  id?: number;
  name: string;
  numberServings: Thousandths;
  price?: Thousandths;
  total: Thousandths | null;
}

export interface Agreement {
  method: Method;
  tip: Tip | null;
  shares?: Record<string, number>;
  percents?: Record<string, Thousandths>;
  amounts?: Record<string, Thousandths>;
}

export function chequePath(hash: string): string {
  return `/small-router/${hash}`;
}

export function chequeSocketUrl(hash: string): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${location.host}${chequePath(hash)}/ws`;
}

export async function listCheques(userId: number): Promise<ListedCheque[]> {
  return (await call<ListedCheque[]>('/small-router/cheques', { userId })).data;
}

export function openCheque(table: Table): Promise<SharedCheque> {
  return send(table, '', {});
}

/** Who changed what, newest first. */
export function listActivity({ hash, visitor }: Table, cursor: string | null): Promise<Answer<ChequeActivity[]>> {
  const query = new URLSearchParams({ limit: '50', ...(cursor === null ? {} : { cursor }) });
  return call(`${chequePath(hash)}/activity?${query}`, visitor);
}

/** The body comes from `billBody`, and also identifies the edit. */
export function correctCheque(table: Table, body: string, idempotencyKey: string): Promise<SharedCheque> {
  return send(table, '/cheque', { method: 'PATCH', body, idempotencyKey });
}

/** The body of a bill, corrected or entered by hand. */
export function billBody({ products, lines, ...rest }: Correction): string {
  const written = <T extends CorrectedLine>(line: T) => ({
    ...line,
    numberServings: new NumberLiteral(quantityText(line.numberServings)),
  });
  const edits = lines && { set: lines.set.map(written), add: lines.add.map(written), remove: lines.remove };
  return writeJson({ products: products?.map(written), lines: edits, ...rest } as unknown as Writable);
}

/** Enters a bill by hand; the body comes from `billBody`, and also identifies the draft. */
export async function enterCheque(userId: number, body: string, idempotencyKey: string): Promise<SharedCheque> {
  return (await call<SharedCheque>('/small-router/cheques', { userId, method: 'POST', body, idempotencyKey })).data;
}

export type Joined = SharedCheque & { participant_token?: string };

export function joinCheque(table: Table, name: string): Promise<Joined> {
  return send(table, '/participants', { method: 'POST', body: writeJson({ name }) });
}

/** Joins as a participant whom the owner has added. */
export function takePlace(table: Table, participant: number): Promise<Joined> {
  return send(table, '/participants', { method: 'POST', body: writeJson({ participant }) });
}

export function addPerson(table: Table, name: string, idempotencyKey: string): Promise<SharedCheque> {
  return send(table, '/people', { method: 'POST', body: writeJson({ name }), idempotencyKey });
}

export function agree(table: Table, agreement: Agreement): Promise<SharedCheque> {
  return send(table, '/method', { method: 'PUT', body: writeJson({ ...agreement } as Writable) });
}

export function claimLine(table: Table, line: number, { numerator, denominator }: Part): Promise<SharedCheque> {
  return send(table, `/claims/${line}`, { method: 'PUT', body: writeJson({ numerator, denominator }) });
}

export function giveLineBack(table: Table, line: number): Promise<SharedCheque> {
  return send(table, `/claims/${line}`, { method: 'DELETE' });
}

/** The owner assigns a part of a line to another participant. */
export function assignLine(
  table: Table,
  participant: number,
  line: number,
  { numerator, denominator }: Part,
): Promise<SharedCheque> {
  const body = writeJson({ numerator, denominator });
  return send(table, `/participants/${participant}/claims/${line}`, { method: 'PUT', body });
}

export function releaseLine(table: Table, participant: number, line: number): Promise<SharedCheque> {
  return send(table, `/participants/${participant}/claims/${line}`, { method: 'DELETE' });
}

/** What others than the owner have paid to the restaurant. */
export function setAdvances(table: Table, version: number, advances: Record<string, Thousandths>): Promise<SharedCheque> {
  return send(table, '/advances', { method: 'PUT', body: writeJson({ version, advances }) });
}

export async function readDues(table: Table): Promise<{ version: number; dues: Due[] }> {
  return send(table, '/dues', {});
}

/** The request body, which also identifies the draft: what the visitor has seen and agrees to pay. */
export function settleBody(participant: number, amount: Thousandths, to?: number): string {
  return writeJson({ participant, to, amount });
}

export function settle(table: Table, body: string, idempotencyKey: string): Promise<SharedCheque> {
  return send(table, '/settle', { method: 'POST', body, idempotencyKey });
}

export interface PaidOutside {
  amount: Thousandths;
  to?: number;
  means?: 'cash' | 'other';
  note?: string;
}

export function paidCash(table: Table, participant: number, paid: PaidOutside): Promise<SharedCheque> {
  return send(table, `/participants/${participant}/cash`, { method: 'POST', body: writeJson({ ...paid }) });
}

/** The participant says that they have paid outside the app. */
export function reportPaid(table: Table, participant: number, amount: Thousandths, to: number): Promise<SharedCheque> {
  return send(table, `/participants/${participant}/reported`, { method: 'POST', body: writeJson({ amount, to }) });
}

/** Takes it back, or declines it. */
export function dropReport(table: Table, participant: number): Promise<SharedCheque> {
  return send(table, `/participants/${participant}/reported`, { method: 'DELETE' });
}

export function confirmReport(table: Table, participant: number): Promise<SharedCheque> {
  return send(table, `/participants/${participant}/reported/confirmation`, { method: 'POST' });
}

export function remind(table: Table, participant: number): Promise<SharedCheque & { reminder: ReminderText }> {
  return send(table, `/participants/${participant}/reminders`, { method: 'POST' });
}

export function unmarkCash(table: Table, participant: number): Promise<SharedCheque> {
  return send(table, `/participants/${participant}/cash`, { method: 'DELETE' });
}

/** Gives back what a participant is owed, or all that they have paid. */
export function refund(
  table: Table,
  participant: number,
  amount: Thousandths,
  means: 'balance' | 'cash',
  idempotencyKey: string,
): Promise<SharedCheque> {
  const body = writeJson({ amount, means });
  return send(table, `/participants/${participant}/refund`, { method: 'POST', body, idempotencyKey });
}

export function leave(table: Table, participant: number): Promise<SharedCheque> {
  return send(table, `/participants/${participant}`, { method: 'DELETE' });
}

/** `rate` as typed: units of the accounts' currency for one unit of the bill's; `null` for none. */
export function setRate(table: Table, rate: string | null): Promise<SharedCheque> {
  return send(table, '/rate', { method: 'PUT', body: writeJson({ rate: rate === null ? null : new NumberLiteral(rate) }) });
}

/** What is `null` is unknown from now on. */
export function setTitle(
  table: Table,
  title: { merchant: string | null; purchased_on: string | null },
): Promise<SharedCheque> {
  return send(table, '/title', { method: 'PUT', body: writeJson(title) });
}

export function setJoining(table: Table, open: boolean): Promise<SharedCheque> {
  return send(table, '/joining', { method: 'PUT', body: writeJson({ open }) });
}

export function setNegativeLine(table: Table, { line, applies, takes_back }: NegativeLine): Promise<SharedCheque> {
  return send(table, `/lines/${line}/negative`, { method: 'PUT', body: writeJson({ applies, takes_back }) });
}

export function renewLink(table: Table): Promise<SharedCheque> {
  return send(table, '/renew', { method: 'POST' });
}

export function deleteCheque(table: Table): Promise<void> {
  return send(table, '', { method: 'DELETE' });
}

async function send<T>({ hash, visitor }: Table, path: string, request: Omit<Call, 'userId'>): Promise<T> {
  return (await call<T>(chequePath(hash) + path, { ...request, ...visitor })).data;
}
