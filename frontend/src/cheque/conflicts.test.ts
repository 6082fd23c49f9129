import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cheque, Product } from '../api/model';
import { conflicts } from './conflicts';

function product(id: number, name: string, total: bigint): Product {
  const read = { numberServings: 1_000n, price: total, price_printed: true, confidence: 1, raw: '', warnings: [] };
  return { id, name, total, ...read };
}

function cheque(products: Product[], total: bigint): Cheque {
  return { total_account: total, products, status: 'balanced', confidence: 1, warnings: [] };
}

test('what differs between there and here is shown side by side', () => {
  const base = cheque([product(1, 'Soup', 100n), product(2, 'Tea', 50n), product(3, 'Cake', 70n)], 220n);
  const theirs = cheque([product(1, 'Soup', 110n), product(3, 'Cake', 70n)], 180n);
  const yours = {
    products: [
      { id: 1, name: 'Soup', numberServings: 1_000n, total: 100n },
      { id: 2, name: 'Tea', numberServings: 1_000n, total: 60n },
      { id: 3, name: 'Cake', numberServings: 1_000n, total: 70n },
      { name: 'Bread', numberServings: 1_000n, total: 10n },
    ],
    total_account: 220n,
  };
  const rows = conflicts(base, theirs, yours, { total_account: 'Sum' }, { gone: 'removed', absent: '-' }, String);
  assert.deepEqual(
    rows.map(({ name, theirs, yours }) => [name, theirs, yours]),
    [
      ['Soup', 'Soup: 110', 'Soup: 100'],
      ['Tea', 'removed', 'Tea: 60'],
      ['Bread', '-', 'Bread: 10'],
      ['Sum', '180', '220'],
    ],
  );
});
