import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText } from './duration';

test('a duration is formatted in the most suitable unit', () => {
  const told = [0, 1.24, 45.6, 600, 7_200, 200_000].map((seconds) => durationText('en', seconds));
  assert.deepEqual(told, ['0s', '1.2s', '46s', '10m', '2h', '2d']);
});

test('a clock that is ahead does not cause negative durations', () => {
  assert.equal(durationText('en', -3), '0s');
});
