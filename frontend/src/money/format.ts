/** Formats money in the user's language. */
import { type Minor, wireText } from './amount';

export interface MoneyFormat {
  /** `1 200,00 ₽` */
  full(minor: Minor): string;
  /** With a sign, for changes: `+500,00 ₽`. */
  signed(minor: Minor): string;
  /** Without decimals if they are zero: `500 ₽`. */
  short(minor: Minor): string;
  /** The parts of the large balance, so that decimals can be less prominent. */
  parts(minor: Minor): { text: string; quiet: boolean }[];
  /** `₽` */
  symbol: string;
}

const cache = new Map<string, MoneyFormat>();

export function moneyFormat(locale: string, currency: string): MoneyFormat {
  const key = `${locale} ${currency}`;
  const known = cache.get(key);
  if (known) return known;
  const made = makeFormat(locale, currency);
  cache.set(key, made);
  return made;
}

function makeFormat(locale: string, currency: string): MoneyFormat {
  const base = {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    maximumFractionDigits: 2,
  } as const;
  const full = new Intl.NumberFormat(locale, { ...base, minimumFractionDigits: 2 });
  const signed = new Intl.NumberFormat(locale, {
    ...base,
    minimumFractionDigits: 2,
    signDisplay: 'exceptZero',
  });
  const short = new Intl.NumberFormat(locale, { ...base, minimumFractionDigits: 0 });
  return {
    full: (minor) => full.format(decimal(minor)),
    // A true minus sign is as wide as the plus sign, so columns stay aligned.
    signed: (minor) => signed.format(decimal(minor)).replace('-', '−'),
    short: (minor) => (minor % 100n === 0n ? short : full).format(decimal(minor)),
    parts: (minor) =>
      full.formatToParts(decimal(minor)).map(({ type, value }) => ({
        text: value,
        quiet: type === 'decimal' || type === 'fraction' || type === 'currency',
      })),
    symbol: full.formatToParts(0).find(({ type }) => type === 'currency')?.value ?? currency,
  };
}

// Intl formats a decimal string exactly; a number above 2^53 would be rounded.
function decimal(minor: Minor): Intl.StringNumericLiteral {
  return wireText(minor) as Intl.StringNumericLiteral;
}
