/**
 * Money in user input and in JSON, without floating-point arithmetic.
 *
 * An amount in any currency is a number of thousandths: 499900n is 499.90. The rules are the server's: more than
 * zero, at most 10^12 in major units, and no more decimals than the currency has. Accounts have two.
 */
export type Thousandths = bigint;

export type AmountRefusal = 'missing' | 'not_a_number' | 'not_positive' | 'too_precise' | 'too_large';
export type TypedAmount = { ok: true; amount: Thousandths } | { ok: false; refusal: AmountRefusal };

/** How many decimals accounts have, and percentages. */
const DECIMALS = 2;
const WHOLE = 1_000n;
export const AMOUNT_MAX: Thousandths = 10n ** 12n * WHOLE;

// Plain, no-break, thin and narrow no-break spaces: thousands separators of Intl, also in text copied from a
// statement.
const SPACES = /[\s\u00a0\u2009\u202f]/g;
const GROUPED = /^-?\d{1,3}( \d{3})+([.,]\d*)?$/;
const PLAIN = /^-?(\d+([.,]\d*)?|[.,]\d+)$/;

/** Thousandths of the amount `1` in the last of `decimals` places: 1000, 10 or 1. */
export function unitOf(decimals: number): Thousandths {
  return 10n ** BigInt(3 - decimals);
}

/**
 * Parses user input in a currency with so many decimals. Both `,` and `.` are decimal separators: in dinars `1.234` is 1.234,
 * and elsewhere it is refused, because it may be meant as a thousand.
 */
export function readAmount(typed: string, decimals = DECIMALS): TypedAmount {
  const text = typed.trim().replace(SPACES, ' ').replace(/^[−–]/, '-');
  if (text === '') return refuse('missing');
  if (!PLAIN.test(text) && !GROUPED.test(text)) return refuse('not_a_number');

  const [whole = '', fraction = ''] = text.replaceAll(' ', '').split(/[.,]/);
  const negative = whole.startsWith('-');
  const digits = whole.replace('-', '') || '0';
  // In a currency without decimals, 1000.00 is what a till prints.
  const excess = fraction.slice(decimals);
  if (decimals === 0 ? /[1-9]/.test(excess) || excess.length > 2 : excess !== '') {
    return refuse(negative ? 'not_positive' : 'too_precise');
  }

  const amount = BigInt(digits + fraction.slice(0, 3).padEnd(3, '0'));
  if (negative || amount === 0n) return refuse('not_positive');
  if (amount > AMOUNT_MAX) return refuse('too_large');
  return { ok: true, amount };
}

/** Parses an entered amount that may be zero or negative; `null` if it is invalid or empty. */
export function readSigned(typed: string, decimals = DECIMALS): Thousandths | null {
  const text = typed.trim().replace(/^[−–]/, '-');
  const unsigned = text.replace(/^[-+]\s*/, '');
  if (/^0*([.,]0{0,3})?$/.test(unsigned) && /\d/.test(unsigned)) return 0n;
  const read = readAmount(unsigned, decimals);
  if (!read.ok) return null;
  return text.startsWith('-') ? -read.amount : read.amount;
}

/** Whether a typed amount has more decimals than its currency, and would be right in another one. */
export function isTooPrecise(typed: string, decimals: number): boolean {
  return readSigned(typed, decimals) === null && readSigned(typed, 3) !== null;
}

function refuse(refusal: AmountRefusal): TypedAmount {
  return { ok: false, refusal };
}

/** The number literal for a request body: `500`, `499.90` or `1.234`. */
export function wireText(amount: Thousandths): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(4, '0');
  const decimals = digits.slice(-3).replace(/0$/, '');
  return sign + digits.slice(0, -3) + (decimals === '00' ? '' : `.${decimals}`);
}

/** The text of an amount in an input, with all decimals of its currency. */
export function typedText(amount: Thousandths, decimals = DECIMALS): string {
  const [whole = '', fraction = ''] = wireText(amount).split('.');
  const shown = fraction.padEnd(decimals, '0');
  return shown === '' ? whole : `${whole}.${shown}`;
}

/**
 * Parses a number literal of the server, which guarantees at most three decimals.
 *
 * Throws a `RangeError` for other literals, because a wrong balance must not be shown.
 */
export function exactAmount(literal: string): Thousandths {
  const match = /^(-?)(\d+)(?:\.(\d{1,3})0*)?$/.exec(literal);
  if (!match) throw new RangeError(`not an amount with at most three decimals: ${literal}`);
  const [, sign = '', whole = '', decimals = ''] = match;
  return BigInt(sign + whole + decimals.padEnd(3, '0'));
}
