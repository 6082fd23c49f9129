import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delayMs } from './backoff';

test('the delay is between half a second and thirty seconds', () => {
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    assert.equal(delayMs(attempt, 0), 500);
    assert.ok(delayMs(attempt, 0.999999) <= 30_000);
  }
});

test('the maximum delay doubles until it reaches the limit', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6].map((attempt) => delayMs(attempt, 1));
  assert.deepEqual(longest, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test('jitter spreads pages over the whole interval', () => {
  assert.equal(delayMs(3, 0.5), 4250);
});
