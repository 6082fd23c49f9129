/** Formats money in the user's language. */
import { type Thousandths, wireText } from './amount';

export interface MoneyFormat {
  /** `1 200,00 ₽` */
  full(amount: Thousandths): string;
  /** With a sign, for changes: `+500,00 ₽`. */
  signed(amount: Thousandths): string;
  /** Without decimals if they are zero: `500 ₽`. */
  short(amount: Thousandths): string;
  /** The parts of the large balance, so that decimals can be less prominent. */
  parts(amount: Thousandths): { text: string; quiet: boolean }[];
  /** `₽` */
  symbol: string;
  /** How many decimals the currency has: 0, 2 or 3. */
  decimals: number;
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
    // What was read from a photo may have more decimals than its currency, which must be seen.
    maximumFractionDigits: 3,
  } as const;
  const decimals = decimalsOf(currency);
  const full = new Intl.NumberFormat(locale, { ...base, minimumFractionDigits: decimals });
  const signed = new Intl.NumberFormat(locale, {
    ...base,
    minimumFractionDigits: decimals,
    signDisplay: 'exceptZero',
  });
  const short = new Intl.NumberFormat(locale, { ...base, minimumFractionDigits: 0 });
  return {
    full: (amount) => full.format(decimal(amount)),
    // A true minus sign is as wide as the plus sign, so columns stay aligned.
    signed: (amount) => signed.format(decimal(amount)).replace('-', '−'),
    short: (amount) => (amount % 1000n === 0n ? short : full).format(decimal(amount)),
    parts: (amount) =>
      full.formatToParts(decimal(amount)).map(({ type, value }) => ({
        text: value,
        quiet: type === 'decimal' || type === 'fraction' || type === 'currency',
      })),
    symbol: full.formatToParts(0).find(({ type }) => type === 'currency')?.value ?? currency,
    decimals,
  };
}

// ISO 4217, as on the server. `Intl` says what is usual in cash: no decimals for Hungarian forints and Iraqi dinars.
const WITHOUT_DECIMALS = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ');
const WITH_THREE_DECIMALS = 'BHD IQD JOD KWD LYD OMR TND'.split(' ');

/** How many decimals amounts in this currency have, as the server says. */
export function decimalsOf(currency: string): number {
  if (WITHOUT_DECIMALS.includes(currency)) return 0;
  return WITH_THREE_DECIMALS.includes(currency) ? 3 : 2;
}

// Intl formats a decimal string exactly; a number above 2^53 would be rounded.
function decimal(amount: Thousandths): Intl.StringNumericLiteral {
  return wireText(amount) as Intl.StringNumericLiteral;
}
