import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, partText, plus, reduced, takeable, WHOLE } from './part';

test('parts add up to the whole, exactly', () => {
  const third = { numerator: 1, denominator: 3 };
  assert.deepEqual(plus(plus(third, third), third), WHOLE);
  assert.deepEqual(plus({ numerator: 1, denominator: 2 }, third), { numerator: 5, denominator: 6 });
});

test('parts compare by size, not by how they are written', () => {
  assert.equal(compare({ numerator: 2, denominator: 4 }, { numerator: 1, denominator: 2 }), 0);
  assert.ok(compare({ numerator: 1, denominator: 3 }, { numerator: 1, denominator: 2 }) < 0);
});

test('a remainder that is too fine to be claimed is rounded down', () => {
  assert.deepEqual(takeable({ numerator: 1, denominator: 6 }), { numerator: 1, denominator: 6 });
  assert.deepEqual(takeable({ numerator: 59, denominator: 120 }), { numerator: 49, denominator: 100 });
});

test('parts are formatted in the usual way', () => {
  assert.equal(partText(reduced(2, 4)), '1/2');
  assert.equal(partText(WHOLE), '1');
});
