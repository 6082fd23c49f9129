import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CorrectionDraft } from '../cheque/correction.svelte';
import { enteredBill } from './entered-bill';

function typed(lines: [name: string, total: string][], total = ''): CorrectionDraft {
  const blank = { total_account: null, products: [], status: 'failed', confidence: 1, warnings: [] } as const;
  const draft = new CorrectionDraft({ ...blank, products: [], warnings: [] }, 0, '.');
  for (const [name, sum] of lines) Object.assign(draft.add(), { name, total: sum });
  draft.extras.total_account = total;
  return draft;
}

test('lines without a typed total make it', () => {
  const bill = enteredBill(typed([['Soup', '7.50'], ['Bread', '2'], ['', '']]));
  assert.deepEqual([bill.lines, bill.sum, bill.total, bill.balanced], [2, 9500n, 9500n, true]);
  const request = bill.request('EUR');
  assert.deepEqual([request.total_account, request.currency, request.confirmed], [9500n, 'EUR', undefined]);
  assert.equal('version' in request, false);
});

test('a total alone is complete, and is confirmed', () => {
  const bill = enteredBill(typed([['', '']], '100'));
  assert.deepEqual([bill.lines, bill.total, bill.balanced], [0, 100_000n, true]);
  assert.equal(bill.request(null).confirmed, true);
});

test('a total that differs from its lines is confirmed as it is', () => {
  const bill = enteredBill(typed([['Soup', '7']], '8'));
  assert.deepEqual([bill.total, bill.balanced, bill.request(null).confirmed], [8000n, false, true]);
});

test('without a line and a total there is nothing to send', () => {
  assert.equal(enteredBill(typed([])).total, null);
  assert.equal(enteredBill(typed([['Soup', 'x']])).total, null, 'an amount can’t be read');
  assert.equal(enteredBill(typed([['Soup', '7']], 'x')).total, null, 'nor can a total');
});
