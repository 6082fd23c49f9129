/** JSON with exact numbers for money, percentages and quantities, in both directions. */
import { exactMinor, type Minor, wireText } from '../money/amount';
import { exactQuantity } from '../money/quantity';

// Percentages have two decimals too, so they are parsed to hundredths like money.
const HUNDREDTHS = new Set([
  ...['amount', 'balance', 'balance_after', 'percent'],
  ...['total_account', 'price', 'total', 'service', 'discount', 'tax', 'tip', 'rounding', 'difference'],
  ...['due', 'paid', 'to_pay', 'to_transfer', 'owed', 'items', 'unclaimed', 'advance', 'before', 'after'],
]);
const QUANTITIES = new Set(['numberServings', 'quantity_before', 'quantity_after']);
/** Objects whose values are amounts or percentages, by participant. */
const HUNDREDTHS_BY_ID = new Set(['amounts', 'percents', 'paid_by', 'parts']);

/** Browsers with "JSON.parse source text access" pass the number's source text. */
type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

const reviveExact: Reviver = (key, value, context) => {
  if (typeof value === 'number') {
    const source = context?.source ?? String(value);
    if (HUNDREDTHS.has(key)) return exactMinor(source);
    return QUANTITIES.has(key) ? exactQuantity(source) : value;
  }
  if (HUNDREDTHS_BY_ID.has(key) && typeof value === 'object' && value !== null) {
    // Up to 10^12 with two decimals, a number's string form equals its source text.
    const exact = ([id, read]: [string, unknown]) => [id, exactMinor(String(read))];
    return Object.fromEntries(Object.entries(value).map(exact));
  }
  return value;
};

/** Parses JSON; amounts and percentages become hundredths, quantities thousandths. */
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
  | Minor
  | number
  | string
  | boolean
  | null
  | NumberLiteral
  | Writable[]
  | { [key: string]: Writable | undefined };

/** Serialises JSON; hundredths become number literals such as `499.90`. `undefined` fields are omitted. */
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
