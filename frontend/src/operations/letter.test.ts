import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Letter, newestFirst, typeParts } from './letter';

const failedAt = (failed_at: string, event_id = 'a') => ({ failed_at, event_id }) as Letter;

test('dead letters are ordered by microseconds, regardless of the number of digits', () => {
  const letters = ['10:00:00Z', '10:00:00.5Z', '10:00:00.51Z', '10:00:00.500001Z', '09:59:59.9Z']
    .map((time) => failedAt(`2026-01-01T${time}`))
    .sort(newestFirst);
  assert.deepEqual(
    letters.map(({ failed_at }) => failed_at.slice(11)),
    ['10:00:00.51Z', '10:00:00.500001Z', '10:00:00.5Z', '10:00:00Z', '09:59:59.9Z'],
  );
});

test('dead letters of the same moment have a stable order', () => {
  const [first] = [failedAt('2026-01-01T10:00:00Z', 'a'), failedAt('2026-01-01T10:00:00Z', 'b')].sort(newestFirst);
  assert.equal(first?.event_id, 'b');
});

test('any event type is split into its parts', () => {
  const parts = (type: string) => Object.values(typeParts(type));
  assert.deepEqual(parts('payments.PaymentCompleted.v1'), ['payments.', 'PaymentCompleted', '.v1']);
  assert.deepEqual(parts('a.b.c'), ['a.', 'b.c', '']);
  assert.deepEqual(parts('unknown'), ['', 'unknown', '']);
  assert.deepEqual(parts(''), ['', '', '']);
});
