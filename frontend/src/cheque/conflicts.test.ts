import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cheque, Product } from '../api/model';
import { conflicts } from './conflicts';
import { CorrectionDraft } from './correction.svelte';

function product(id: number, name: string, total: bigint, version = 1): Product {
  const read = { numberServings: 1_000n, price: total, price_printed: true, confidence: 1, raw: '', warnings: [] };
  return { id, name, total, version, ...read };
}

function cheque(products: Product[], change: Partial<Cheque> = {}): Cheque {
  return { total_account: 220_000n, products, status: 'balanced', confidence: 1, warnings: [], ...change };
}

const SOUP = product(1, 'Soup', 100_000n);
const TEA = product(2, 'Tea', 50_000n);
const CAKE = product(3, 'Cake', 70_000n);

function draft(): CorrectionDraft {
  return new CorrectionDraft(cheque([SOUP, TEA, CAKE], { merchant: 'Luna' }), 1, '.');
}

function names(edited: CorrectionDraft): string[] {
  return edited.lines.map(({ name }) => name);
}

test('what others changed is taken over, and only what was changed here is sent', () => {
  const here = draft();
  here.lines[0]!.total = '110.00';
  here.remove(here.lines[1]!.key);
  here.extras.tip = '5';
  here.follow(cheque([SOUP, TEA, product(3, 'Pie', 75_000n, 2), product(4, 'Bread', 1_000n, 2)], { service: 3_000n }), 2);
  assert.deepEqual(here.clashes, []);
  assert.deepEqual(names(here), ['Soup', 'Pie', 'Bread']);
  assert.deepEqual([here.extras.service, here.merchant], ['3.00', '']);
  assert.deepEqual(here.edits(), {
    version: 2,
    lines: {
      set: [{ id: 1, version: 1, name: 'Soup', numberServings: 1_000n, price: 100_000n, total: 110_000n }],
      add: [],
      remove: [{ id: 2, version: 1 }],
    },
    tip: 5_000n,
  });
  here.follow(cheque([product(3, 'Pie', 75_000n, 2)]), 3);
  assert.deepEqual(here.removed, [], 'the tea was removed there too');
});

test('a line or field that was changed on both sides is shown side by side', () => {
  const here = draft();
  Object.assign(here.lines[0]!, { quantity: '2', total: '200.00' });
  here.lines[1]!.name = 'Green tea';
  here.remove(here.lines[2]!.key);
  here.extras.total_account = '230.00';
  here.merchant = 'Sol';
  const there = [product(1, 'Soup', 110_000n, 2), product(3, 'Pie', 75_000n, 2)];
  here.follow(cheque(there, { total_account: 180_000n, merchant: 'Luna Bar' }), 2);
  const rows = conflicts(here, { total_account: 'Sum', merchant: 'Place' }, { gone: 'removed', absent: '-' }, String, '.');
  assert.deepEqual(
    rows.map(({ name, theirs, yours }) => [name, theirs, yours]),
    [
      ['Soup', 'Soup: 110000', 'Soup × 2: 200000'],
      ['Tea', 'removed', 'Green tea: 50000'],
      ['Cake', 'Pie: 75000', 'removed'],
      ['Sum', '180000', '230000'],
      ['Place', 'Luna Bar', 'Sol'],
    ],
  );
  assert.equal(here.version, 1, 'the fields are still based on what was read first');
});

test('each clash is resolved on its own, and nothing that was typed is lost', () => {
  const here = draft();
  here.lines[0]!.total = '120.00';
  here.lines[1]!.name = 'Green tea';
  here.remove(here.lines[2]!.key);
  here.extras.tip = '5.00';
  here.follow(cheque([product(1, 'Soup', 110_000n, 2), product(3, 'Pie', 75_000n, 2)], { tip: 7_000n, merchant: 'Luna' }), 2);
  const [soup, tea, cake, tip] = here.clashes;
  here.resolve(soup!, true);
  here.resolve(tea!, true);
  here.resolve(cake!, false);
  here.resolve(tip!, false);
  assert.deepEqual(here.clashes, []);
  assert.deepEqual(names(here), ['Soup', 'Pie', 'Green tea']);
  const { version, lines, tip: sent } = here.edits();
  assert.deepEqual([version, sent, lines?.remove], [2, undefined, []]);
  assert.deepEqual(lines?.set.map(({ id, version, total }) => [id, version, total]), [[1, 2, 120_000n]]);
  assert.deepEqual(lines?.add.map(({ name, total }) => [name, total]), [['Green tea', 50_000n]]);
});

test('the same edit on both sides is no clash', () => {
  const here = draft();
  here.lines[0]!.total = '120.00';
  here.extras.tip = '7.00';
  here.follow(cheque([{ ...SOUP, total: 120_000n, version: 2 }, TEA, CAKE], { tip: 7_000n, merchant: 'Luna' }), 2);
  assert.deepEqual([here.clashes, here.dirty], [[], false]);
});
