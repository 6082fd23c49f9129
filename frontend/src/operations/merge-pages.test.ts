import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdingUp, mergePages } from './merge-pages';

const newestFirst = (left: number, right: number) => right - left;

test('no item is shown before an unread one', () => {
  const orders = { items: [9, 7, 5], hasMore: true };
  const payments = { items: [8, 2], hasMore: true };
  assert.deepEqual(mergePages([orders, payments], newestFirst), [9, 8, 7, 5]);
  assert.equal(holdingUp([orders, payments], newestFirst), orders);
});

test('a completely read list does not limit the result', () => {
  const orders = { items: [9, 7, 5], hasMore: false };
  const payments = { items: [8, 2], hasMore: false };
  assert.deepEqual(mergePages([orders, payments], newestFirst), [9, 8, 7, 5, 2]);
  assert.equal(holdingUp([orders, payments], newestFirst), null);
});

test('an empty list does not limit the result', () => {
  const lists = [
    { items: [], hasMore: false },
    { items: [3, 1], hasMore: true },
  ];
  assert.deepEqual(mergePages(lists, newestFirst), [3, 1]);
});
