/** A quantity in the user's locale: `0,4`. */
import type { Thousandths } from '../money/amount';
import { quantityText } from '../money/quantity';

export function quantityWords(locale: string, quantity: Thousandths): string {
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  return format.format(quantityText(quantity) as Intl.StringNumericLiteral);
}
