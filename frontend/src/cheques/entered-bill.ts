/** A bill typed by hand: what its total is, and what is sent. */
import type { CorrectionDraft, LineDraft } from '../cheque/correction.svelte';
import type { Correction } from '../api/router';
import type { Thousandths } from '../money/amount';

export interface EnteredBill {
  /** Number of lines that are not blank. */
  lines: number;
  /** Of lines and extras; `null` while one of them can't be read. */
  sum: Thousandths | null;
  /** As typed, else the sum of the lines; `null` if there is neither. */
  total: Thousandths | null;
  /** Nothing has to be confirmed: the lines make the total, or there is only a total. */
  balanced: boolean;
  /** `currency` is that of the accounts, for a bill whose currency was not chosen. */
  request(currency: string | null): Correction;
}

/** A line in which nothing was typed; its quantity is filled in beforehand. */
export function isBlank({ name, price, total }: LineDraft): boolean {
  return [name, price, total].every((text) => text.trim() === '');
}

export function enteredBill(draft: CorrectionDraft): EnteredBill {
  const lines = draft.lines.filter((line) => !isBlank(line));
  const sum = draft.sumOf(lines);
  const typed = draft.extras.total_account.trim() === '' ? null : draft.total;
  const total = typed ?? (lines.length > 0 && draft.extras.total_account.trim() === '' ? sum : null);
  const balanced = total !== null && (lines.length === 0 || total === sum);
  return {
    lines: lines.length,
    sum,
    total,
    balanced,
    request(currency) {
      const { version: _, ...bill } = draft.request();
      // A total alone never equals the sum of its lines, of which there are none.
      const confirmed = !balanced || lines.length === 0;
      return { ...bill, total_account: total, currency: bill.currency ?? currency, ...(confirmed && { confirmed }) };
    },
  };
}
