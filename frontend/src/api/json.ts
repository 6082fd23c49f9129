/** JSON with exact numbers for money, percentages and quantities, in both directions. */
import { exactAmount, type Thousandths, wireText } from '../money/amount';
import { exactQuantity } from '../money/quantity';

// Percentages are parsed like money.
const EXACT = new Set([
  ...['amount', 'balance', 'balance_after', 'percent'],
  ...['total_account', 'price', 'total', 'service', 'discount', 'tax', 'tip', 'rounding', 'difference'],
  ...['due', 'paid', 'to_pay', 'to_transfer', 'owed', 'items', 'unclaimed', 'advance', 'before', 'after'],
]);
const QUANTITIES = new Set(['numberServings', 'quantity_before', 'quantity_after']);
/** Objects whose values are amounts or percentages, by participant. */
const EXACT_BY_ID = new Set(['amounts', 'percents', 'paid_by', 'parts']);

/** Browsers with "JSON.parse source text access" pass the number's source text. */
type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

const reviveExact: Reviver = (key, value, context) => {
  if (typeof value === 'number') {
    const source = context?.source ?? String(value);
    if (EXACT.has(key)) return exactAmount(source);
    return QUANTITIES.has(key) ? exactQuantity(source) : value;
  }
  if (EXACT_BY_ID.has(key) && typeof value === 'object' && value !== null) {
    // Up to 10^12 with three decimals, a number's string form equals its source text.
    const exact = ([id, read]: [string, unknown]) => [id, exactAmount(String(read))];
    return Object.fromEntries(Object.entries(value).map(exact));
  }
  return value;
};

/** Parses JSON; amounts, percentages and quantities become thousandths. */
export function readJson(text: string): unknown {
  return JSON.parse(text, reviveExact as (key: string, value: unknown) => unknown);
}

/** A number that is serialised exactly as given. */
export class NumberLiteral {
  constructor(readonly text: string) {}
}

const keepLiteral: Reviver = (_, value, context) =>
  typeof value === 'number' ? new NumberLiteral(context?.source ?? String(value)) : value;

/** Parses JSON for display: every number keeps its source text. */
export function readVerbatim(text: string): Writable {
  return JSON.parse(text, keepLiteral as (key: string, value: unknown) => unknown) as Writable;
}

export type Writable =
  | Thousandths
  | number
  | string
  | boolean
  | null
  | NumberLiteral
  | Writable[]
  | { [key: string]: Writable | undefined };

/** Serialises JSON; thousandths become number literals such as `499.90`. `undefined` fields are omitted. */
export function writeJson(value: Writable): string {
  if (typeof value === 'bigint') return wireText(value);
  if (value instanceof NumberLiteral) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).flatMap(([key, inner]) =>
    inner === undefined ? [] : `${JSON.stringify(key)}:${writeJson(inner)}`,
  );
  return `{${fields.join(',')}}`;
}
