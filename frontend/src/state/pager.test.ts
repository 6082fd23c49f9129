import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../api/failure';
import type { Answer } from '../api/http';
import { Pager } from './pager.svelte';

/** A pager over pages that the test can change; the cursor is the index of the next page. */
function pagerOf(pages: number[][], order?: (left: number, right: number) => number): Pager<number> {
  const read = (cursor: string | null): Promise<Answer<number[]>> => {
    const place = Number(cursor ?? 0);
    const data = pages[place];
    if (!data) return Promise.reject(new Failure('network'));
    return Promise.resolve({ data, nextCursor: place + 1 < pages.length ? String(place + 1) : null });
  };
  return new Pager(read, (left, right) => left === right, order);
}

test('pages follow each other without repeating an item', async () => {
  const pager = pagerOf([[9, 8], [8, 7], [6]]);
  await pager.reset();
  assert.equal(pager.hasMore, true);
  await pager.more();
  await pager.more();
  assert.deepEqual(pager.items, [9, 8, 7, 6]);
  assert.equal(pager.hasMore, false);
});

test('a refresh adds new items at the top and keeps the older pages', async () => {
  const pages = [[9, 8], [7, 6]];
  const pager = pagerOf(pages);
  await pager.reset();
  await pager.more();
  pages[0] = [10, 9];
  await pager.refresh();
  assert.deepEqual(pager.items, [10, 9, 8, 7, 6]);
  assert.equal(pager.hasMore, false);
});

test('a refresh that would leave a gap starts again', async () => {
  const pages = [[4, 3], [2, 1]];
  const pager = pagerOf(pages);
  await pager.reset();
  await pager.more();
  pages[0] = [9, 8];
  await pager.refresh();
  assert.deepEqual(pager.items, [9, 8]);
  assert.equal(pager.hasMore, true);
});

test('a refresh of an ordered list drops removed items and keeps the older pages', async () => {
  const pages = [[9, 8, 7], [6, 5]];
  const pager = pagerOf(pages, (left, right) => right - left);
  await pager.reset();
  await pager.more();
  pages[0] = [9, 7, 6];
  await pager.refresh();
  assert.deepEqual(pager.items, [9, 7, 6, 5]);
  pages.splice(0, 2, [7]);
  await pager.refresh();
  assert.deepEqual(pager.items, [7]);
});

test('a failed refresh keeps the shown items', async () => {
  const pages = [[2, 1]];
  const pager = pagerOf(pages);
  await pager.reset();
  pages.length = 0;
  await pager.refresh();
  assert.deepEqual(pager.items, [2, 1]);
  assert.equal(pager.phase, 'ready');
  assert.equal(pager.failure?.kind, 'network');
});
