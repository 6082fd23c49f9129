import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Order, OrderMessage } from '../api/model';
import { OrderBook } from './order-book.svelte';

const PLACED: Order = {
  id: 'a',
  user_id: 1,
  amount: 20000n,
  description: null,
  status: 'PENDING',
  reason: null,
  version: 1,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
};
const PAID: OrderMessage = {
  type: 'update',
  order_id: 'a',
  status: 'PAID',
  version: 2,
  amount: 20000n,
  reason: null,
  at: '2026-01-01T00:00:01Z',
};

function book(): { book: OrderBook; moves: string[] } {
  const moves: string[] = [];
  const made = new OrderBook((order, before, source) =>
    moves.push(`${before?.status ?? 'nothing'} -> ${order.status} (${source})`),
  );
  return { book: made, moves };
}

test('a push that arrives before the response to the POST is not lost', () => {
  const { book: orders, moves } = book();
  assert.equal(orders.hear(PAID), false);
  assert.equal(orders.learn(PLACED, 'placed').status, 'PAID');
  assert.deepEqual(moves, ['nothing -> PENDING (placed)', 'PENDING -> PAID (live)']);
});

test('a change is reported once, even if it arrives several times', () => {
  const { book: orders, moves } = book();
  orders.learn(PLACED, 'read');
  orders.hear(PAID);
  orders.hear(PAID);
  orders.hear({ ...PAID, type: 'snapshot' });
  orders.learn({ ...PLACED, status: 'PAID', version: 2 }, 'read');
  assert.equal(moves.length, 2);
  assert.deepEqual(
    orders.sightings('a').map(({ version, source }) => `${version} ${source}`),
    ['1 read', '2 live'],
  );
});

test('an old response does not overwrite a newer state', () => {
  const { book: orders } = book();
  orders.learn({ ...PLACED, status: 'PAID', version: 2 }, 'read');
  orders.learn(PLACED, 'read');
  assert.equal(orders.get('a')?.status, 'PAID');
});
