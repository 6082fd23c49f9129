import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ALL_OPEN, DeadLetters } from './dead-letters.svelte';
import { StubServices } from './stub-services';

let services: StubServices;

beforeEach(() => {
  services = new StubServices();
  globalThis.fetch = services.fetch as unknown as typeof fetch;
});

const ids = (letters: DeadLetters) => letters.items.map(({ event_id }) => event_id);

test('the dead letters of all services form one list, newest first', async () => {
  services.add('orders', 10);
  services.add('router', 30);
  services.add('payments', 20);
  const letters = new DeadLetters(1);
  await letters.show(ALL_OPEN);
  assert.deepEqual(ids(letters), ['router-30', 'payments-20', 'orders-10']);
  assert.equal(letters.hasMore, false);
});

test('older dead letters are read page by page, in order even if one service has many', async () => {
  for (let second = 1; second <= 50; second += 1) services.add('orders', 2 * second);
  services.add('ocr', 3);
  const letters = new DeadLetters(1);
  await letters.show(ALL_OPEN);
  assert.equal(ids(letters).includes('ocr-3'), false, 'what may be newer is not read yet');
  while (letters.hasMore) await letters.more();
  assert.equal(letters.items.length, 51);
  assert.deepEqual(ids(letters).slice(-3), ['orders-4', 'ocr-3', 'orders-2']);
});

test('an unreachable service is named, and the others are shown', async () => {
  services.add('orders', 10);
  services.down.add('payments');
  const letters = new DeadLetters(1);
  await letters.show(ALL_OPEN);
  assert.equal(letters.phase, 'ready');
  assert.deepEqual(ids(letters), ['orders-10']);
  assert.deepEqual(letters.failures.map(({ service }) => service), ['payments']);
  services.down.clear();
  services.add('payments', 20);
  await letters.refresh();
  assert.deepEqual(ids(letters), ['payments-20', 'orders-10']);
  assert.deepEqual(letters.failures, []);
});

test('if no service can be reached, the list has failed', async () => {
  for (const service of ['orders', 'payments', 'ocr', 'router'] as const) services.down.add(service);
  const letters = new DeadLetters(1);
  await letters.show(ALL_OPEN);
  assert.equal(letters.phase, 'failed');
});

test('the filter is applied by the servers: only the chosen service is queried', async () => {
  services.add('orders', 10, { reason: 'there is no order 7' });
  services.add('orders', 20);
  services.add('payments', 30);
  const letters = new DeadLetters(1);
  await letters.show({ ...ALL_OPEN, service: 'orders', direction: 'incoming', type: 'a.B.v1', reason: ' order 7 ' });
  assert.deepEqual(ids(letters), ['orders-10']);
  assert.deepEqual(
    services.requests.map(({ line }) => line),
    ['GET /orders/operations/dead-letters?limit=20&state=open&direction=incoming&type=a.B.v1&reason=order+7'],
  );
});

test('dead letters settled elsewhere disappear with the next refresh', async () => {
  services.add('orders', 10);
  services.add('orders', 20);
  const letters = new DeadLetters(1);
  await letters.show(ALL_OPEN);
  const [settled] = services.letters.orders;
  if (settled) settled.state = 'replayed';
  await letters.refresh();
  assert.deepEqual(ids(letters), ['orders-20']);
});
