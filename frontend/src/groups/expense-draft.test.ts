import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expense, Member } from '../api/groups';
import { draftOf, missing, newExpense, readExpense } from './expense-draft';

const MEMBERS: Member[] = [1, 2, 3].map((id) => ({
  id,
  name: `Member ${id}`,
  owner: id === 1,
  has_account: true,
  has_left: false,
}));

function draft(change: Partial<ReturnType<typeof newExpense>>) {
  return { ...newExpense(MEMBERS, 1, '2026-11-20', 'RUB'), title: 'Food', amount: '300', ...change };
}

test('an expense is paid by you and shared by all, unless something else is said', () => {
  const read = readExpense(draft({}));
  assert.deepEqual(read, {
    ok: true,
    entry: { title: 'Food', date: '2026-11-20', currency: 'RUB', amount: 300_000n, paid_by: { 1: 300_000n }, members: [1, 2, 3] },
  });
});

test('what several have paid, and exact parts, add up to the amount', () => {
  const paid = { 1: '100,50', 2: '199.50', 3: '' };
  const good = readExpense(draft({ payer: null, paid, split: 'exact', amounts: { 1: '300', 2: '', 3: '0' } }));
  assert.ok(good.ok);
  assert.deepEqual(good.entry.paid_by, { 1: 100_500n, 2: 199_500n });
  assert.deepEqual(good.entry.amounts, { 1: 300_000n });
  assert.deepEqual(readExpense(draft({ payer: null, paid: { ...paid, 3: '1' } })), { ok: false, refusal: 'paid' });
  assert.deepEqual(readExpense(draft({ split: 'exact', amounts: { 1: '299' } })), { ok: false, refusal: 'amounts' });
  assert.equal(missing('300', { 1: '299', 2: '0,5' }, 2), 500n);
  assert.equal(missing('300', { 1: 'x' }, 2), null);
});

test('an expense that nobody bears is refused', () => {
  const nobody = { ok: false, refusal: 'nobody' };
  assert.deepEqual(readExpense(draft({ chosen: { 1: false, 2: false, 3: false } })), nobody);
  assert.deepEqual(readExpense(draft({ split: 'shares', shares: { 1: '0', 2: '', 3: '0' } })), nobody);
  assert.deepEqual(readExpense(draft({ split: 'shares', shares: { 1: '1.5' } })), { ok: false, refusal: 'shares' });
  assert.deepEqual(readExpense(draft({ title: '  ' })), { ok: false, refusal: 'title' });
  assert.deepEqual(readExpense(draft({ currency: 'roubles' })), { ok: false, refusal: 'currency' });
});

test('an expense is edited as it was entered', () => {
  const common = { id: 1, revision: 2, changed_by: 1, changed_at: '', parts: {} };
  const entries: [Expense['split'], object][] = [
    ['equal', { members: [1, 3] }],
    ['shares', { shares: { 1: 2, 2: 1 } }],
    ['exact', { amounts: { 2: 300_000n } }],
  ];
  for (const [split, who] of entries) {
    for (const paid_by of [{ 2: 300_000n }, { 1: 100_000n, 2: 200_000n }]) {
      const entry = { title: 'Food', date: '2026-11-20', currency: 'EUR', amount: 300_000n, paid_by, ...who };
      const read = readExpense(draftOf({ ...common, ...entry, split } as Expense, MEMBERS));
      assert.deepEqual(read, { ok: true, entry });
    }
  }
});
