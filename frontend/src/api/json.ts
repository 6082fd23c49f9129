/** JSON that carries money exactly, both ways. */
import { exactMinor, type Minor, wireText } from '../money/amount';

const MONEY = new Set(['amount', 'balance', 'balance_after']);

/** Browsers that implement "JSON.parse source text access" hand over the number as it was written. */
type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

const reviveMoney: Reviver = (key, value, context) =>
  typeof value === 'number' && MONEY.has(key) ? exactMinor(context?.source ?? String(value)) : value;

/** Reads JSON; numbers under a money key become minor units. */
export function readJson(text: string): unknown {
  return JSON.parse(text, reviveMoney as (key: string, value: unknown) => unknown);
}

/** Writes a flat object; minor units become number literals such as `499.90`. */
export function writeJson(body: Record<string, Minor | string>): string {
  const fields = Object.entries(body).map(
    ([key, value]) =>
      `${JSON.stringify(key)}:${typeof value === 'bigint' ? wireText(value) : JSON.stringify(value)}`,
  );
  return `{${fields.join(',')}}`;
}
