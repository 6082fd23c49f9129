import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codePath } from './qr-path';

test('neighbouring dark modules become one rectangle', () => {
  const [dark, light] = [true, false];
  assert.deepEqual(codePath([[dark, dark, light], [light, light, dark], [light, light, light]]), {
    size: 3,
    path: 'M0 0h2v1h-2zM2 1h1v1h-1z',
  });
});
