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
  assert.equal(costOf(400n, 97_500n), 39_000n);
  assert.equal(costOf(1_235n, 10_001n), 12_351n);
  assert.equal(costOf(500n, 1n), 1n);
  assert.equal(costOf(500n, -1n), -1n);
  assert.equal(costOf(499n, 1n), 0n);
});
