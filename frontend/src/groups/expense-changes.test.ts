import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expense } from '../api/groups';
import { changedFields } from './expense-changes';

const FOOD: Expense = {
  id: 1,
  revision: 1,
  title: 'Food',
  date: '2026-11-20',
  currency: 'RUB',
  amount: 3_000n,
  paid_by: { 1: 3_000n },
  split: 'equal',
  parts: { 1: 1_500n, 2: 1_500n },
  changed_by: 1,
  changed_at: '2026-11-20T10:00:00Z',
};

test('a version says in what it differs from the one before', () => {
  assert.deepEqual(changedFields(FOOD, { ...FOOD, revision: 2, changed_by: 2 }), []);
  assert.deepEqual(changedFields(FOOD, { ...FOOD, title: 'Drinks', paid_by: { 2: 3_000n } }), ['title', 'paidBy']);
  const parts = { 1: 2_000n, 2: 2_000n };
  assert.deepEqual(changedFields(FOOD, { ...FOOD, amount: 4_000n, date: '2026-11-21', parts }), ['amount', 'date', 'split']);
});
