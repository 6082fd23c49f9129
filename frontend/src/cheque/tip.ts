/** The tip set by the owner: a percentage of the lines, or an amount. */
import type { Tip } from '../api/model';
import type { Speech } from '../i18n/speech.svelte';
import { wireText, type Thousandths } from '../money/amount';
import type { MoneyFormat } from '../money/format';

/** `10 %`, `₽100` in the currency of the bill, or a text for no tip. */
export function tipText({ words, locale }: Speech, money: MoneyFormat, tip: Tip | null): string {
  if (tip?.amount) return money.short(tip.amount);
  if (tip?.percent) return percentText(locale, tip.percent);
  return words.cheque.tip.none;
}

export function percentText(locale: string, percent: Thousandths): string {
  const format = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  // Shifted by two decimal places, because Intl multiplies by a hundred.
  return format.format(`${wireText(percent)}e-2` as Intl.StringNumericLiteral);
}
