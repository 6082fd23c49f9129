/** The tip set by the owner: a percentage of the lines, or an amount. */
import type { Tip } from '../api/model';
import type { Speech } from '../i18n/speech.svelte';
import { wireText, type Minor } from '../money/amount';

const WHOLE = 10_000n;

/** The tip for lines that add up to `items`; half a minor unit is rounded up, as on the server. */
export function tipOn(tip: Tip | null, items: Minor): Minor {
  if (tip?.amount !== undefined) return tip.amount;
  const base = items > 0n ? items : 0n;
  return (base * (tip?.percent ?? 0n) + WHOLE / 2n) / WHOLE;
}

/** `10 %`, `₽100`, or a text for no tip. */
export function tipText({ words, money, locale }: Speech, tip: Tip | null): string {
  if (tip?.amount) return money.short(tip.amount);
  if (tip?.percent) return percentText(locale, tip.percent);
  return words.cheque.tip.none;
}

export function percentText(locale: string, hundredths: Minor): string {
  const format = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  // Shifted by two decimal places, because Intl multiplies by a hundred.
  return format.format(`${wireText(hundredths)}e-2` as Intl.StringNumericLiteral);
}
