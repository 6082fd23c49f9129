import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJson, writeJson } from '../api/json';
import { exactAmount, readAmount, readSigned, typedText, wireText } from './amount';
import { decimalsOf, moneyFormat } from './format';

function accepted(typed: string, decimals?: number): bigint | string {
  const amount = readAmount(typed, decimals);
  return amount.ok ? amount.amount : amount.refusal;
}

test('both decimal separators are understood', () => {
  assert.equal(accepted('499.90'), 499900n);
  assert.equal(accepted('499,9'), 499900n);
  assert.equal(accepted('5.'), 5000n);
  assert.equal(accepted(',5'), 500n);
  assert.equal(accepted('0.01'), 10n);
});

test('spaces between thousands are allowed where they belong', () => {
  assert.equal(accepted(' 12 500,50 '), 12500500n);
  assert.equal(accepted('1\u00a0000'), 1000000n);
  assert.equal(accepted('1\u202f000\u202f000'), 1000000000n);
  assert.equal(accepted('1 00'), 'not_a_number');
});

test('a dot separates decimals, as many as the currency has, and never thousands', () => {
  assert.equal(accepted('1.234', 3), 1_234n);
  assert.equal(accepted('1,234', 3), 1_234n);
  assert.equal(accepted('1 234,5', 3), 1_234_500n);
  assert.equal(accepted('1.2345', 3), 'too_precise');
  assert.equal(accepted('1.234', 2), 'too_precise');
  assert.equal(accepted('1000', 0), 1_000_000n);
  assert.equal(accepted('1000.00', 0), 1_000_000n);
  assert.equal(accepted('100.5', 0), 'too_precise');
  assert.equal(accepted('1.000', 0), 'too_precise', 'it may be meant as a thousand');
  assert.equal(readSigned('-0.005', 3), -5n);
});

test('amounts are shown with the decimals of their currency', () => {
  const shown = (currency: string, amount: bigint) => moneyFormat('en', currency).full(amount).replace(/[^\d.]/g, '');
  assert.equal(shown('KWD', 1_000n), '1.000');
  assert.equal(shown('JPY', 334_000n), '334');
  assert.equal(shown('EUR', 1_500n), '1.50');
  assert.equal(shown('HUF', 1_500n), '1.50', 'as the server has it');
  assert.equal(shown('EUR', 1_005n), '1.005', 'what was read with more decimals is not rounded');
  assert.deepEqual(['IQD', 'JPY', 'RUB', 'KWD', ''].map(decimalsOf), [3, 0, 2, 3, 2]);
  assert.deepEqual([typedText(1_000n, 3), typedText(1_000n), typedText(1_000n, 0), typedText(1_005n)], ['1.000', '1.00', '1', '1.005']);
});

test('amounts that the server would reject are rejected by the same rules', () => {
  assert.equal(accepted(''), 'missing');
  assert.equal(accepted('   '), 'missing');
  assert.equal(accepted('0'), 'not_positive');
  assert.equal(accepted('0,00'), 'not_positive');
  assert.equal(accepted('-5'), 'not_positive');
  assert.equal(accepted('−5'), 'not_positive');
  assert.equal(accepted('499.999'), 'too_precise');
  assert.equal(accepted('1000000000000'), 10n ** 15n);
  assert.equal(accepted('1000000000000.01'), 'too_large');
  for (const typed of ['abc', '1e400', '1.2.3', '1,000.00', 'NaN', '.', '-', '٣', '0x10', '5 ₽']) {
    assert.equal(accepted(typed), 'not_a_number', typed);
  }
});

test('an amount is serialised as an exact number', () => {
  assert.equal(wireText(500000n), '500');
  assert.equal(wireText(499900n), '499.90');
  assert.equal(wireText(10n), '0.01');
  assert.equal(wireText(-200050n), '-200.05');
  assert.equal(
    writeJson({ amount: 999999999999990n, description: 'a "b"' }),
    '{"amount":999999999999.99,"description":"a \\"b\\""}',
  );
});

test('amounts of the server are read exactly', () => {
  assert.equal(exactAmount('300'), 300000n);
  assert.equal(exactAmount('-0.5'), -500n);
  assert.equal(exactAmount('0.29'), 290n);
  assert.equal(exactAmount('1.10'), 1100n);
  assert.equal(exactAmount('1.234'), 1234n);
  assert.throws(() => exactAmount('0.0125'), RangeError);
  assert.throws(() => exactAmount('1e21'), RangeError);
  assert.deepEqual(readJson('[{"amount":-200.1,"version":2}]'), [{ amount: -200100n, version: 2 }]);
});

test('a corrected amount may be zero or negative, but is never parsed partly', () => {
  for (const [typed, minor] of [
    ['0', 0n],
    ['0,00', 0n],
    ['-12,50', -12_500n],
    ['−0.1', -100n],
    ['+5', 5000n],
    ['1 234,5', 1_234_500n],
    ['', null],
    ['-', null],
    ['.', null],
    ['--5', null],
    ['1.234', null],
    ['abc', null],
  ] as const) {
    assert.equal(readSigned(typed), minor, typed);
  }
});
