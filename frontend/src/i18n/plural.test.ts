import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from './en';
import { ru } from './ru';

test('Russian orders are counted as Russians count', () => {
  const counted = [1, 2, 5, 11, 21, 22, 25, 111].map(ru.log.caughtUp);
  assert.match(counted[0] ?? '', /1 заказ\./);
  assert.match(counted[1] ?? '', /2 заказа\./);
  assert.match(counted[2] ?? '', /5 заказов\./);
  assert.match(counted[3] ?? '', /11 заказов\./);
  assert.match(counted[4] ?? '', /21 заказ\./);
  assert.match(counted[5] ?? '', /22 заказа\./);
  assert.match(counted[7] ?? '', /111 заказов\./);
});

test('English knows one and many', () => {
  assert.match(en.log.caughtUp(1), /1 order /);
  assert.match(en.log.caughtUp(2), /2 orders /);
});

test('both languages have the same words', () => {
  const shape = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([left], [right]) => left.localeCompare(right))
            .map(([key, inner]) => [key, shape(inner)]),
        )
      : typeof value;
  assert.deepEqual(shape(ru), shape(en));
});
