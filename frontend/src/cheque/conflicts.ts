/** What differs between a bill that was changed elsewhere and the input here. */
import type { Cheque, Product } from '../api/model';
import type { CorrectedLine, Correction } from '../api/router';
import type { Thousandths } from '../money/amount';
import { EXTRAS } from './correction.svelte';

export interface ConflictRow {
  key: string;
  name: string;
  theirs: string;
  yours: string;
}

interface Texts {
  gone: string;
  absent: string;
}

/**
 * The rows that were changed here or there since `base`, and are not the same now. `yours` is the request that the input
 * would send.
 */
export function conflicts(
  base: Cheque | null,
  theirs: Cheque,
  yours: Correction,
  names: Record<string, string>,
  texts: Texts,
  money: (amount: Thousandths) => string,
): ConflictRow[] {
  const amount = (sum: Thousandths | null | undefined) => (sum == null ? texts.absent : money(sum));
  const text = (line: Product | CorrectedLine | undefined) => (line ? `${line.name}: ${amount(line.total)}` : texts.gone);
  const mine = yours.products ?? [];
  const ids = new Set([...theirs.products, ...(base?.products ?? [])].map(({ id }) => id));
  const known = [...ids].map((id) => {
    const [there, here] = [theirs.products.find((line) => line.id === id), mine.find((line) => line.id === id)];
    return { key: `line-${id}`, name: (there ?? here)?.name ?? '', theirs: text(there), yours: text(here) };
  });
  const added = mine
    .filter(({ id }) => id === undefined)
    .map((line, index) => ({ key: `new-${index}`, name: line.name, theirs: texts.absent, yours: text(line) }));
  const extras = EXTRAS.map((extra) => ({
    key: extra,
    name: names[extra] ?? extra,
    theirs: amount(theirs[extra]),
    yours: amount(yours[extra]),
  }));
  return [...known, ...added, ...extras].filter((row) => row.theirs !== row.yours);
}
