import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cheque, Product } from '../api/model';
import { CorrectionDraft } from './correction.svelte';

function product(id: number, name: string, total: bigint | null): Product {
  return {
    id,
    name,
    numberServings: 1_000n,
    price: total,
    total,
    price_printed: true,
    confidence: 0.9,
    raw: name,
    warnings: [],
  };
}

function draftOf(change: Partial<Cheque> = {}): CorrectionDraft {
  const cheque: Cheque = {
    total_account: 420_000n,
    products: [product(1, 'Чай', 150_000n), product(2, 'Пирог', 250_000n)],
    status: 'needs_review',
    confidence: 0.8,
    warnings: [],
    ...change,
  };
  return new CorrectionDraft(cheque, 1, ',');
}

test('lines and extras are added, the discount is subtracted', () => {
  const draft = draftOf({ service: 30_000n, discount: 10_000n, rounding: -500n });
  assert.equal(draft.sum, 419_500n);
  assert.equal(draft.extras.rounding, '-0,50');
  draft.extras.rounding = '';
  assert.equal(draft.sum, 420_000n);
});

test('a line with an invalid total has no sum', () => {
  const draft = draftOf({ products: [product(1, 'Чай', null)] });
  assert.equal(draft.sum, null);
  assert.equal(draft.faulty, false, 'an unread total is no fault: it may stay so');
});

test('a form is dirty only while its input differs from the original', () => {
  const draft = draftOf();
  assert.equal(draft.dirty, false);
  draft.lines[0]!.name = 'Чай с мятой';
  assert.equal(draft.dirty, true);
  draft.lines[0]!.name = 'Чай';
  assert.equal(draft.dirty, false);
  draft.remove(draft.lines[1]!.key);
  assert.equal(draft.dirty, true);
});

test('a total follows quantity and price as long as it matched before', () => {
  const draft = draftOf();
  const tea = draft.lines[0]!;
  draft.change(tea, 'quantity', '2');
  assert.equal(tea.total, '300,00');
  tea.total = '280,00';
  assert.equal(draft.expected(tea), 300_000n);
  draft.change(tea, 'quantity', '3');
  assert.equal(tea.total, '280,00', 'a total of its own stays');
  assert.equal(draft.expected(tea), 450_000n);
});

test('the request keeps ids, is exact, and clears what is empty', () => {
  const draft = draftOf({ service: 1000n });
  draft.extras.service = '';
  Object.assign(draft.add(), { name: ' Хлеб ', quantity: '0,5', total: '20' });
  assert.deepEqual(draft.request(), {
    version: 1,
    products: [
      { id: 1, name: 'Чай', numberServings: 1_000n, price: 150_000n, total: 150_000n },
      { id: 2, name: 'Пирог', numberServings: 1_000n, price: 250_000n, total: 250_000n },
      { name: 'Хлеб', numberServings: 500n, total: 20_000n },
    ],
    total_account: 420_000n,
    service: null,
    discount: null,
    tax: null,
    tip: null,
    rounding: null,
    currency: null,
  });
});

test('only an edited name is sent, so that a newer one stays', () => {
  const draft = draftOf({ merchant: 'Luna', purchased_on: '2026-02-05' });
  assert.equal(draft.dirty, false);
  assert.equal('merchant' in draft.request(), false);
  draft.merchant = ' Sol ';
  draft.purchasedOn = '';
  assert.equal(draft.dirty, true);
  const { merchant, purchased_on } = draft.request();
  assert.deepEqual({ merchant, purchased_on }, { merchant: 'Sol', purchased_on: null });
});
