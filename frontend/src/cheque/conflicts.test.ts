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
  const base = cheque([product(1, 'Soup', 1000n), product(2, 'Tea', 500n), product(3, 'Cake', 700n)], 2200n);
  const theirs = cheque([product(1, 'Soup', 1100n), product(3, 'Cake', 700n)], 1800n);
  const yours = {
    products: [
      { id: 1, name: 'Soup', numberServings: 1_000n, total: 1000n },
      { id: 2, name: 'Tea', numberServings: 1_000n, total: 600n },
      { id: 3, name: 'Cake', numberServings: 1_000n, total: 700n },
      { name: 'Bread', numberServings: 1_000n, total: 100n },
    ],
    total_account: 2200n,
  };
  const rows = conflicts(base, theirs, yours, { total_account: 'Sum' }, { gone: 'removed', absent: '-' }, String);
  assert.deepEqual(
    rows.map(({ name, theirs, yours }) => [name, theirs, yours]),
    [
      ['Soup', 'Soup: 1100', 'Soup: 1000'],
      ['Tea', 'removed', 'Tea: 600'],
      ['Bread', '-', 'Bread: 100'],
      ['Sum', '1800', '2200'],
    ],
  );
});
