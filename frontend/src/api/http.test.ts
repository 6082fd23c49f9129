import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newKey, nextCursor } from './http';

test('the next cursor is found wherever the service thinks it lives', () => {
  assert.equal(nextCursor('</orders?limit=20&cursor=abc%3D>; rel="next"'), 'abc=');
  assert.equal(nextCursor('<http://h/o?cursor=p>; rel="prev", <?cursor=n>; rel=next'), 'n');
  assert.equal(nextCursor('</orders?cursor=x>; rel="prev"'), null);
  assert.equal(nextCursor(null), null);
});

test('keys do not repeat', () => {
  assert.notEqual(newKey(), newKey());
  assert.match(newKey(), /^[0-9a-f]{32}$/);
});
