/** Methods other than by lines: the input per participant, and the sum. */
import type { Agreement } from '../api/router';
import type { Method, Tip } from '../api/model';
import { readSigned, typedText, unitOf, wireText, type Thousandths } from '../money/amount';

/** Methods that require a number per participant. */
export type Weighed = Extract<Method, 'shares' | 'percent' | 'exact'>;

export const PERCENT_WHOLE: Thousandths = 100_000n;
const PERCENT_DECIMALS = 2;
const SHARES_MAX = 1_000;

export function isWeighed(method: Method): method is Weighed {
  return method === 'shares' || method === 'percent' || method === 'exact';
}

/** Divides `whole` into `count` parts that differ by at most one `unit` and add up. */
export function evenly(whole: Thousandths, count: number, unit: Thousandths): Thousandths[] {
  const [units, parts] = [whole / unit, BigInt(count)];
  const [part, rest] = [units / parts, units % parts];
  return Array.from({ length: count }, (_, index) => (part + (BigInt(index) < rest ? 1n : 0n)) * unit);
}

/** In how many decimals a total is divided: those of its currency, or more if it was read with more. */
export function decimalsFor(total: Thousandths, decimals: number): number {
  return total % unitOf(decimals) === 0n ? decimals : 3;
}

/** Initial values of the fields: the saved ones, else an equal split. */
export function proposal(
  method: Weighed,
  ids: number[],
  agreed: Record<string, Thousandths | number>,
  whole: Thousandths,
  decimals: number,
): string[] {
  const text = (part: Thousandths) => (method === 'percent' ? wireText(part) : typedText(part, decimals));
  if (ids.some((id) => agreed[id] !== undefined)) {
    return ids.map((id) => {
      const part = agreed[id] ?? 0;
      return typeof part === 'bigint' ? text(part) : String(part);
    });
  }
  if (method === 'shares') return ids.map(() => '1');
  return evenly(whole, ids.length, unitOf(method === 'percent' ? PERCENT_DECIMALS : decimals)).map(text);
}

export type TypedParts =
  | { ok: true; parts: Thousandths[]; sum: Thousandths }
  /** Which fields are invalid. */
  | { ok: false; wrong: boolean[] };

/**
 * Parses the fields. Shares are whole numbers, percentages have two decimals, and amounts those of the currency; not negative; an empty field is 0.
 */
export function readParts(method: Weighed, typed: string[], decimals: number): TypedParts {
  const read = typed.map((text) => {
    if (text.trim() === '') return 0n;
    if (method !== 'shares') return readSigned(text, method === 'percent' ? PERCENT_DECIMALS : decimals);
    return /^\s*\d{1,4}\s*$/.test(text) && Number(text) <= SHARES_MAX ? BigInt(text.trim()) : null;
  });
  const wrong = read.map((part) => part === null || part < 0n || (method === 'percent' && part > PERCENT_WHOLE));
  if (wrong.includes(true)) return { ok: false, wrong };
  const parts = read.map((part) => part ?? 0n);
  return { ok: true, parts, sum: parts.reduce((sum, part) => sum + part, 0n) };
}

/** The amount missing from the total; negative if the sum is too high. Shares are only wrong if all are 0. */
export function missingOf(method: Weighed, sum: Thousandths, total: Thousandths): Thousandths {
  if (method === 'shares') return sum === 0n ? 1n : 0n;
  return (method === 'percent' ? PERCENT_WHOLE : total) - sum;
}

export function agreementOf(method: Weighed, tip: Tip | null, ids: number[], parts: Thousandths[]): Agreement {
  const byId = Object.fromEntries(ids.map((id, index) => [id, parts[index] ?? 0n]));
  switch (method) {
    case 'shares':
      return { method, tip, shares: Object.fromEntries(ids.map((id, index) => [id, Number(parts[index] ?? 0n)])) };
    case 'percent':
      return { method, tip, percents: byId };
    case 'exact':
      return { method, tip, amounts: byId };
  }
}
