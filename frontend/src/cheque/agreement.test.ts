import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreementOf, evenly, missingOf, proposal, readParts } from './agreement';

test('an even division adds up to the last kopeck', () => {
  assert.deepEqual(evenly(10_000n, 3), [3_334n, 3_333n, 3_333n]);
  assert.deepEqual(evenly(2n, 3), [1n, 1n, 0n]);
});

test('fields start with the saved values; later participants have none', () => {
  assert.deepEqual(proposal('percent', [1, 2, 4], { 1: 6_250n, 2: 3_750n }, 10_000n), ['62.50', '37.50', '0']);
  assert.deepEqual(proposal('shares', [1, 2], {}, 0n), ['1', '1']);
  assert.deepEqual(proposal('exact', [1, 2], {}, 101n), ['0.51', '0.50']);
});

test('the missing difference has a size and a direction', () => {
  const read = readParts('percent', ['60', '39,5']);
  assert.ok(read.ok);
  assert.equal(missingOf('percent', read.sum, 0n), 50n);
  assert.equal(missingOf('exact', 42_000n, 40_000n), -2_000n);
  assert.equal(missingOf('shares', 3n, 0n), 0n);
  assert.notEqual(missingOf('shares', 0n, 0n), 0n);
});

test('invalid fields are marked, an empty field is 0', () => {
  assert.deepEqual(readParts('exact', ['10', '-1', 'x']), { ok: false, wrong: [false, true, true] });
  assert.deepEqual(readParts('percent', ['100.01', '']), { ok: false, wrong: [true, false] });
  assert.deepEqual(readParts('shares', ['1.5', '2']), { ok: false, wrong: [true, false] });
  assert.deepEqual(readParts('shares', ['0', '2']), { ok: true, parts: [0n, 2n], sum: 2n });
});

test('a saved method contains only its own numbers', () => {
  assert.deepEqual(agreementOf('shares', null, [1, 2], [2n, 1n]), {
    method: 'shares',
    tip: null,
    shares: { 1: 2, 2: 1 },
  });
  const tip = { percent: 1_000n };
  assert.deepEqual(agreementOf('exact', tip, [7], [5n]), { method: 'exact', tip, amounts: { 7: 5n } });
});
