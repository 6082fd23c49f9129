/** What was changed both here and elsewhere, in words. */
import type { Product } from '../api/model';
import { readSigned, type Thousandths } from '../money/amount';
import { quantityText, readQuantity } from '../money/quantity';
import type { Clash, CorrectionDraft, Field, LineDraft } from './correction.svelte';

export interface ConflictRow {
  clash: Clash;
  name: string;
  theirs: string;
  yours: string;
}

interface Texts {
  gone: string;
  absent: string;
}

/** A row for each clash of the draft. */
export function conflicts(
  draft: CorrectionDraft,
  names: Record<string, string>,
  texts: Texts,
  money: (minor: Thousandths) => string,
  separator: string,
): ConflictRow[] {
  const amount = (minor: Thousandths | null | undefined) => (minor == null ? texts.absent : money(minor));
  const line = (name: string, quantity: Thousandths | null, total: Thousandths | null) => {
    const times = quantity === null || quantity === 1_000n ? '' : ` × ${quantityText(quantity).replace('.', separator)}`;
    return `${name}${times}: ${amount(total)}`;
  };
  const product = (there: Product | null) => (there ? line(there.name, there.numberServings, there.total) : texts.gone);
  const typed = (here: LineDraft | null) =>
    here ? line(here.name.trim(), readQuantity(here.quantity), readSigned(here.total, draft.decimals)) : texts.gone;
  const field = (value: unknown) => (typeof value === 'bigint' ? money(value) : String(value ?? '') || texts.absent);
  return draft.clashes.map((clash) => {
    if (clash.kind === 'line') {
      return { clash, name: clash.seen.name, theirs: product(clash.there), yours: typed(clash.here) };
    }
    const mine: Partial<Record<Field, unknown>> = draft.edits();
    return {
      clash,
      name: names[clash.field] ?? clash.field,
      theirs: field(draft.there[clash.field]),
      yours: field(mine[clash.field]),
    };
  });
}
