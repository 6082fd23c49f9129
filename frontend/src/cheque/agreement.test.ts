import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreementOf, evenly, missingOf, proposal, readParts } from './agreement';

test('an even division adds up to the last kopeck', () => {
  assert.deepEqual(evenly(100_000n, 3, 10n), [33_340n, 33_330n, 33_330n]);
  assert.deepEqual(evenly(20n, 3, 10n), [10n, 10n, 0n]);
  assert.deepEqual(evenly(1_000n, 3, 1n), [334n, 333n, 333n], 'dinars');
  assert.deepEqual(evenly(1_000_000n, 3, 1_000n), [334_000n, 333_000n, 333_000n], 'yens');
});

test('fields start with the saved values; later participants have none', () => {
  assert.deepEqual(proposal('percent', [1, 2, 4], { 1: 62_500n, 2: 37_500n }, 100_000n, 2), ['62.50', '37.50', '0']);
  assert.deepEqual(proposal('shares', [1, 2], {}, 0n, 2), ['1', '1']);
  assert.deepEqual(proposal('exact', [1, 2], {}, 1010n, 2), ['0.51', '0.50']);
  assert.deepEqual(proposal('exact', [1, 2], {}, 1_011n, 3), ['0.506', '0.505']);
  assert.deepEqual(proposal('exact', [1, 2], { 1: 1_500n }, 1_500n, 3), ['1.500', '0']);
});

test('the missing difference has a size and a direction', () => {
  const read = readParts('percent', ['60', '39,5'], 2);
  assert.ok(read.ok);
  assert.equal(missingOf('percent', read.sum, 0n), 500n);
  assert.equal(missingOf('exact', 420_000n, 400_000n), -20_000n);
  assert.equal(missingOf('shares', 3n, 0n), 0n);
  assert.notEqual(missingOf('shares', 0n, 0n), 0n);
});

test('invalid fields are marked, an empty field is 0', () => {
  assert.deepEqual(readParts('exact', ['10', '-1', 'x'], 2), { ok: false, wrong: [false, true, true] });
  assert.deepEqual(readParts('percent', ['100.01', ''], 2), { ok: false, wrong: [true, false] });
  assert.deepEqual(readParts('exact', ['1.234'], 3), { ok: true, parts: [1_234n], sum: 1_234n });
  assert.deepEqual(readParts('exact', ['1.234'], 2), { ok: false, wrong: [true] }, 'more than the currency has');
  assert.deepEqual(readParts('shares', ['1.5', '2'], 2), { ok: false, wrong: [true, false] });
  assert.deepEqual(readParts('shares', ['0', '2'], 2), { ok: true, parts: [0n, 2n], sum: 2n });
});

test('a saved method contains only its own numbers', () => {
  assert.deepEqual(agreementOf('shares', null, [1, 2], [2n, 1n]), {
    method: 'shares',
    tip: null,
    shares: { 1: 2, 2: 1 },
  });
  const tip = { percent: 10_000n };
  assert.deepEqual(agreementOf('exact', tip, [7], [50n]), { method: 'exact', tip, amounts: { 7: 50n } });
});
