/** Why an entered amount is invalid, as a sentence. */
import type { AmountRefusal } from '../money/amount';
import { AMOUNT_MAX } from '../money/amount';
import type { Speech } from './speech.svelte';

export function amountRefusalWords({ words, money }: Speech, refusal: AmountRefusal): string {
  return refusal === 'too_large'
    ? words.amountRefused.too_large(money.short(AMOUNT_MAX))
    : words.amountRefused[refusal];
}
