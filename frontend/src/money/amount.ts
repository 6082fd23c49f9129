/**
 * Money in user input and in JSON, without floating-point arithmetic.
 *
 * `Minor` is a number of hundredths: 49990n is 499.90. The rules are the server's: more than zero, at most
 * two decimals, at most 10^12 in major units.
 */
export type Minor = bigint;

export type AmountRefusal = 'missing' | 'not_a_number' | 'not_positive' | 'too_precise' | 'too_large';
export type TypedAmount = { ok: true; minor: Minor } | { ok: false; refusal: AmountRefusal };

const MAJOR_MAX = 10n ** 12n;
export const AMOUNT_MAX: Minor = MAJOR_MAX * 100n;

// Plain, no-break, thin and narrow no-break spaces: thousands separators of Intl, also in text copied from a
// statement.
const SPACES = /[\s\u00a0\u2009\u202f]/g;
const GROUPED = /^-?\d{1,3}( \d{3})+([.,]\d*)?$/;
const PLAIN = /^-?(\d+([.,]\d*)?|[.,]\d+)$/;

/** Parses user input. Both `,` and `.` are decimal separators. */
export function readAmount(typed: string): TypedAmount {
  const text = typed.trim().replace(SPACES, ' ').replace(/^[−–]/, '-');
  if (text === '') return refuse('missing');
  if (!PLAIN.test(text) && !GROUPED.test(text)) return refuse('not_a_number');

  const [whole = '', decimals = ''] = text.replaceAll(' ', '').split(/[.,]/);
  const negative = whole.startsWith('-');
  const digits = whole.replace('-', '') || '0';
  if (decimals.length > 2) return refuse(negative ? 'not_positive' : 'too_precise');

  const minor = BigInt(digits + decimals.padEnd(2, '0'));
  if (negative || minor === 0n) return refuse('not_positive');
  if (minor > AMOUNT_MAX) return refuse('too_large');
  return { ok: true, minor };
}

/** Parses an entered amount that may be zero or negative; `null` if it is invalid or empty. */
export function readSigned(typed: string): Minor | null {
  const text = typed.trim().replace(/^[−–]/, '-');
  const unsigned = text.replace(/^[-+]\s*/, '');
  if (/^0*([.,]0{0,2})?$/.test(unsigned) && /\d/.test(unsigned)) return 0n;
  const read = readAmount(unsigned);
  if (!read.ok) return null;
  return text.startsWith('-') ? -read.minor : read.minor;
}

function refuse(refusal: AmountRefusal): TypedAmount {
  return { ok: false, refusal };
}

/** The number literal for a request body: `500` or `499.90`. */
export function wireText(minor: Minor): string {
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(3, '0');
  const decimals = digits.slice(-2);
  return sign + digits.slice(0, -2) + (decimals === '00' ? '' : `.${decimals}`);
}

/**
 * Parses a number literal of the server, which guarantees at most two decimals.
 *
 * Throws a `RangeError` for other literals, because a wrong balance must not be shown.
 */
export function exactMinor(literal: string): Minor {
  const match = /^(-?)(\d+)(?:\.(\d{1,2})0*)?$/.exec(literal);
  if (!match) throw new RangeError(`not an amount with at most two decimals: ${literal}`);
  const [, sign = '', whole = '', decimals = ''] = match;
  return BigInt(sign + whole + decimals.padEnd(2, '0'));
}
