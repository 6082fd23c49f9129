import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ALL_OPEN } from './dead-letters.svelte';
import { SettleAll } from './settle-all.svelte';
import { StubServices } from './stub-services';

let services: StubServices;

beforeEach(() => {
  services = new StubServices();
  globalThis.fetch = services.fetch as unknown as typeof fetch;
});

test('the counts per type are shown, and the dead letters are settled', async () => {
  for (let second = 1; second <= 130; second += 1) services.add('orders', second);
  services.add('orders', 500, { event_type: 'a.C.v1' });
  services.add('payments', 7);
  const all = new SettleAll(1, 'replay', ALL_OPEN);
  await all.prepare();
  assert.equal(all.count, 132);
  assert.equal(all.atLeast, false);
  assert.deepEqual(
    all.matching.map(({ service, types }) => [service, ...types.map(({ type, count }) => `${type} ${count}`)]),
    [
      ['orders', 'a.B.v1 130', 'a.C.v1 1'],
      ['payments', 'a.B.v1 1'],
    ],
  );
  assert.equal(await all.carryOut(), true);
  assert.equal(all.settled, 132);
  assert.ok(services.letters.orders.every(({ state }) => state === 'replayed'));
});

test('dead letters that fail after the confirmation dialog opened are not settled', async () => {
  services.add('orders', 10);
  const all = new SettleAll(1, 'discard', ALL_OPEN);
  await all.prepare();
  services.add('orders', 11);
  await all.carryOut();
  assert.deepEqual(services.letters.orders.map(({ state }) => state), ['discarded', 'open']);
});

test('only open dead letters are settled, regardless of the filter', async () => {
  const all = new SettleAll(1, 'discard', { ...ALL_OPEN, state: 'replayed', service: 'ocr', type: 'a.B.v1' });
  services.add('ocr', 10);
  await all.prepare();
  await all.carryOut();
  const { body } = services.requests.at(-1) ?? {};
  assert.deepEqual(JSON.parse(body ?? ''), {
    state: 'open',
    type: 'a.B.v1',
    failed_before: '1970-01-01T00:00:10.001Z',
  });
});

test('a failed service is named, and can be retried alone', async () => {
  services.add('orders', 10);
  services.add('payments', 20);
  const all = new SettleAll(1, 'replay', ALL_OPEN);
  await all.prepare();
  services.down.add('payments');
  assert.equal(await all.carryOut(), false);
  assert.deepEqual(all.failures.map(({ service }) => service), ['payments']);
  assert.equal(all.count, 1);
  services.down.clear();
  assert.equal(await all.carryOut(), true);
  assert.equal(all.settled, 2);
});
