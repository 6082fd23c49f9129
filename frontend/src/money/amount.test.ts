import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJson, writeJson } from '../api/json';
import { exactMinor, readAmount, readSigned, wireText } from './amount';

function accepted(typed: string): bigint | string {
  const amount = readAmount(typed);
  return amount.ok ? amount.minor : amount.refusal;
}

test('both decimal separators are understood', () => {
  assert.equal(accepted('499.90'), 49990n);
  assert.equal(accepted('499,9'), 49990n);
  assert.equal(accepted('5.'), 500n);
  assert.equal(accepted(',5'), 50n);
  assert.equal(accepted('0.01'), 1n);
});

test('spaces between thousands are allowed where they belong', () => {
  assert.equal(accepted(' 12 500,50 '), 1250050n);
  assert.equal(accepted('1\u00a0000'), 100000n);
  assert.equal(accepted('1\u202f000\u202f000'), 100000000n);
  assert.equal(accepted('1 00'), 'not_a_number');
});

test('amounts that the server would reject are rejected by the same rules', () => {
  assert.equal(accepted(''), 'missing');
  assert.equal(accepted('   '), 'missing');
  assert.equal(accepted('0'), 'not_positive');
  assert.equal(accepted('0,00'), 'not_positive');
  assert.equal(accepted('-5'), 'not_positive');
  assert.equal(accepted('−5'), 'not_positive');
  assert.equal(accepted('499.999'), 'too_precise');
  assert.equal(accepted('1000000000000'), 10n ** 14n);
  assert.equal(accepted('1000000000000.01'), 'too_large');
  for (const typed of ['abc', '1e400', '1.2.3', '1,000.00', 'NaN', '.', '-', '٣', '0x10', '5 ₽']) {
    assert.equal(accepted(typed), 'not_a_number', typed);
  }
});

test('an amount is serialised as an exact number', () => {
  assert.equal(wireText(50000n), '500');
  assert.equal(wireText(49990n), '499.90');
  assert.equal(wireText(1n), '0.01');
  assert.equal(wireText(-20005n), '-200.05');
  assert.equal(
    writeJson({ amount: 99999999999999n, description: 'a "b"' }),
    '{"amount":999999999999.99,"description":"a \\"b\\""}',
  );
});

test('amounts of the server are read exactly', () => {
  assert.equal(exactMinor('300'), 30000n);
  assert.equal(exactMinor('-0.5'), -50n);
  assert.equal(exactMinor('0.29'), 29n);
  assert.equal(exactMinor('1.10'), 110n);
  assert.throws(() => exactMinor('0.125'), RangeError);
  assert.throws(() => exactMinor('1e21'), RangeError);
  assert.deepEqual(readJson('[{"amount":-200.1,"version":2}]'), [{ amount: -20010n, version: 2 }]);
});

test('a corrected amount may be zero or negative, but is never parsed partly', () => {
  for (const [typed, minor] of [
    ['0', 0n],
    ['0,00', 0n],
    ['-12,50', -1_250n],
    ['−0.1', -10n],
    ['+5', 500n],
    ['1 234,5', 123_450n],
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
