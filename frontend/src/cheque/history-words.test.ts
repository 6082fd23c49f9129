import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, SharedCheque } from '../api/model';
import { en } from '../i18n/en';
import type { Speech } from '../i18n/speech.svelte';
import type { MoneyFormat } from '../money/format';
import { entriesOf } from './history-words';

const money = { full: (minor: bigint) => `${minor / 1000n} ₽` } as MoneyFormat;
const anna = { id: 2, name: 'Anna' };
const shared = {
  you: 3,
  split: { participants: [{ ...anna, namesake: 2 }] },
} as unknown as SharedCheque;

function told(changes: Change[], by: number | null = 1): string[] {
  const entries = entriesOf(shared, [{ version: 7, at: '2026-11-29T10:00:00Z', by, changes }], money);
  return entries.map((entry) => entry.say({ words: en } as Speech));
}

test('changes of one version are told in their order, newest first', () => {
  const line: Change = { what: 'line_changed', line: 'Tea', before: 200_000n, after: 250_000n };
  const total: Change = { what: 'total', before: 600_000n, after: 650_000n };
  assert.deepEqual(told([line, total]), ['Total: 600 ₽ → 650 ₽.', 'Tea: 200 ₽ → 250 ₽.']);
});

test('namesakes are told apart, and a former name is not', () => {
  assert.deepEqual(told([{ what: 'joined', who: anna }]), ['Anna (2) joined.']);
  assert.deepEqual(told([{ what: 'joined', who: { id: 2, name: 'Anya' } }]), ['Anya joined.']);
});

test('what somebody took for another person is told as such', () => {
  const dmitri = { id: 4, name: 'Dmitri' };
  const change = (who: typeof dmitri): Change => ({ what: 'claimed', who, line: 'Tea', numerator: 1, denominator: 1 });
  assert.deepEqual(told([change(dmitri)], 4), ['Dmitri took Tea.']);
  assert.deepEqual(told([change(dmitri)], 2), ['Anna (2) took Tea for Dmitri.']);
});

test('leaving differs from being removed', () => {
  assert.deepEqual(told([{ what: 'left', who: anna }], 2), ['Anna (2) left.']);
  assert.deepEqual(told([{ what: 'left', who: anna }], 1), ['The owner removed Anna (2).']);
});

test('money that is given back is told as such, and to you as yours', () => {
  assert.deepEqual(told([{ what: 'outside', who: anna, amount: -50_000n }]), ['Anna (2) got 50 ₽ back.']);
  const you = { id: 3, name: 'Vera' };
  assert.deepEqual(told([{ what: 'transferred', who: you, amount: -50_000n }]), ['You got 50 ₽ back.']);
});

test('among several payers it is said who gets the money, how, and what was written about it', () => {
  const how = { means: 'other' as const, note: 'by bank' };
  const change: Change = { what: 'outside', who: { id: 4, name: 'Boris' }, with: anna, amount: 50_000n, how };
  assert.deepEqual(told([change]), ['Boris paid 50 ₽ → Anna (2) outside the app. “by bank”']);
});

test('an edited line is told with all that is another one, and an amount beside the lines with its name', () => {
  const line: Change = {
    what: 'line_changed',
    line: 'Green tea',
    renamed: 'Tea',
    before: 200_000n,
    after: 400_000n,
    quantity_before: 1_000n,
    quantity_after: 2_000n,
  };
  const told_of = 'Tea is called Green tea now. Green tea: quantity 1 → 2. Green tea: 200 ₽ → 400 ₽.';
  assert.deepEqual(told([line]), [told_of]);
  assert.deepEqual(told([{ what: 'part', part: 'tip', before: null, after: 50_000n }]), ['Tip on the cheque: 0 ₽ → 50 ₽.']);
});

test('what was done several times in a row says how often, and a group is named', () => {
  const change: Change = { what: 'released', who: anna, line: 'Tea' };
  const entry = { version: 7, at: '2026-11-29T10:00:00Z', by: 2, times: 40, changes: [change] };
  const [said] = entriesOf(shared, [entry], money).map((one) => one.say({ words: en } as Speech));
  assert.equal(said, 'Anna (2) gave Tea back. (40 changes in a row)');
  assert.deepEqual(told([{ what: 'in_group', counts: true, group: 'Flat' }]), ['The bill counts in the group “Flat” now.']);
  assert.deepEqual(told([{ what: 'in_group', counts: true }]), ['The bill counts in a group now.']);
});
