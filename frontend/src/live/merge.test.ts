import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Order, OrderMessage } from '../api/model';
import { applyMessage, newest } from './merge';

function order(changes: Partial<Order> = {}): Order {
  return {
    id: 'a',
    user_id: 1,
    amount: 20000n,
    description: 'lunch',
    status: 'PENDING',
    reason: null,
    version: 1,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    ...changes,
  };
}

function message(changes: Partial<OrderMessage> = {}): OrderMessage {
  return {
    type: 'update',
    order_id: 'a',
    status: 'PAID',
    version: 2,
    amount: 20000n,
    reason: null,
    at: '2026-01-01T00:00:01Z',
    ...changes,
  };
}

test('a newer message changes the status and keeps the rest', () => {
  assert.deepEqual(
    applyMessage(order(), message()),
    order({ status: 'PAID', version: 2, updated_at: '2026-01-01T00:00:01Z' }),
  );
});

test('a repeated or late message changes nothing', () => {
  const paid = order({ status: 'PAID', version: 2 });
  assert.equal(applyMessage(paid, message()), null);
  assert.equal(applyMessage(paid, message({ status: 'PENDING', version: 1 })), null);
  assert.equal(applyMessage(paid, message({ type: 'snapshot' })), null);
});

test('a snapshot after a reconnect is applied if it is newer', () => {
  const failed = applyMessage(
    order(),
    message({ type: 'snapshot', status: 'FAILED', reason: 'insufficient_funds' }),
  );
  assert.equal(failed?.reason, 'insufficient_funds');
});

test('the response to a POST that arrives after a push does not overwrite it', () => {
  const pushed = order({ status: 'PAID', version: 2 });
  assert.equal(newest(pushed, order()), pushed);
  assert.equal(newest(undefined, pushed), pushed);
  assert.equal(newest(order(), pushed), pushed);
});
