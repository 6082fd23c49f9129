import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Draft, forgetDrafts } from './draft.svelte';

const stored = new Map<string, string>();
// Like the browser's, its keys are its own properties.
globalThis.sessionStorage = new Proxy(
  {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  },
  {
    ownKeys: () => [...stored.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  },
) as unknown as Storage;

beforeEach(() => stored.clear());

const draft = () => new Draft('test', { amount: '' });

test('the same body keeps its key, even after a reload of the page', () => {
  const first = draft().keyFor('{"amount":5}');
  assert.equal(draft().keyFor('{"amount":5}'), first);
});

test('another body gets another key', () => {
  const order = draft();
  const first = order.keyFor('{"amount":5}');
  const second = order.keyFor('{"amount":6}');
  assert.notEqual(second, first);
  assert.equal(order.keyFor('{"amount":6}'), second);
});

test('after completion, the same body is a new request', () => {
  const order = draft();
  order.fields.amount = '5';
  const first = order.keyFor('{"amount":5}');
  order.done();
  assert.equal(order.fields.amount, '');
  assert.notEqual(order.keyFor('{"amount":5}'), first);
});

test('input survives a reload', () => {
  const order = draft();
  order.fields.amount = '12,5';
  order.keep();
  assert.equal(draft().fields.amount, '12,5');
});

test('input during a request is not erased by its response', () => {
  const order = draft();
  order.fields.amount = '5';
  order.keyFor('{"amount":5}');
  order.fields.amount = '7';
  order.done();
  assert.equal(order.fields.amount, '7');
});

test('after signing out nothing of a draft is left', () => {
  const order = draft();
  order.fields.amount = '12,5';
  order.keep();
  stored.set('chipin.other', '1');
  forgetDrafts();
  assert.deepEqual([...stored.keys()], ['chipin.other']);
  assert.equal(draft().fields.amount, '');
});

test('a stored draft does not change the prototypes of objects', () => {
  const fields = '{"amount":"5","__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}';
  stored.set('chipin.draft.test', `{"fields":${fields},"__proto__":{"polluted":"yes"},"key":"k"}`);
  assert.equal(draft().fields.amount, '5');
  assert.equal((Object.prototype as Record<string, unknown>)['polluted'], undefined);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
