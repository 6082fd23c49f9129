/** Describes by how much a cheque does not add up, and in which direction. */
import type { Words } from '../i18n/en';
import type { Thousandths } from '../money/amount';
import type { MoneyFormat } from '../money/format';

export function differenceWords(words: Words, money: MoneyFormat, sum: Thousandths, total: Thousandths): string {
  const texts = words.cheque.review;
  const [lines, whole] = [money.full(sum), money.full(total)];
  if (sum === total) return texts.addsUp(whole);
  return sum < total
    ? texts.missing(lines, whole, money.full(total - sum))
    : texts.tooMuch(lines, whole, money.full(sum - total));
}
