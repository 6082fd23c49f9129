import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOf, exactQuantity, quantityText, readQuantity } from './quantity';

test('a quantity is read with a comma or a point and written without needless zeros', () => {
  for (const [typed, thousandths, text] of [
    ['1', 1_000n, '1'],
    [' 0,4 ', 400n, '0.4'],
    ['1.235', 1_235n, '1.235'],
    ['2.50', 2_500n, '2.5'],
    ['1.2350', 1_235n, '1.235'],
  ] as const) {
    assert.equal(readQuantity(typed), thousandths, typed);
    assert.equal(quantityText(thousandths), text);
  }
});

test('invalid quantities are rejected', () => {
  for (const typed of ['', '0', '0.000', '-1', '1e3', '1.2345', 'two', '1000001', '.5', '1.']) {
    assert.equal(readQuantity(typed), null, typed);
  }
  assert.throws(() => exactQuantity('0.0001'), RangeError);
});

test('a cost is rounded to the nearest kopeck, never computed in floats', () => {
  assert.equal(costOf(400n, 975_000n, 10n), 390_000n);
  assert.equal(costOf(1_235n, 100_010n, 10n), 123_510n);
  assert.equal(costOf(500n, 10n, 10n), 10n);
  assert.equal(costOf(500n, -10n, 10n), -10n);
  assert.equal(costOf(499n, 10n, 10n), 0n);
  assert.equal(costOf(333n, 1_000n, 1n), 333n, 'dinars have three decimals');
  assert.equal(costOf(333n, 1_000_000n, 1_000n), 333_000n, 'yens have none');
});
