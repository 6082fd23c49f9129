import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signInBy } from './bearer';
import { Failure } from './failure';
import { call, newKey, nextCursor } from './http';

test('the next cursor is found regardless of the path in the link', () => {
  assert.equal(nextCursor('</orders?limit=20&cursor=abc%3D>; rel="next"'), 'abc=');
  assert.equal(nextCursor('<http://h/o?cursor=p>; rel="prev", <?cursor=n>; rel=next'), 'n');
  assert.equal(nextCursor('</orders?cursor=x>; rel="prev"'), null);
  assert.equal(nextCursor(null), null);
});

test('keys do not repeat', () => {
  assert.notEqual(newKey(), newKey());
  assert.match(newKey(), /^[0-9a-f]{32}$/);
});

/** Echoes the sender's identity for each request, and records it. */
function gateway(believed: string) {
  const identities: (string | null)[] = [];
  globalThis.fetch = async (_, init) => {
    const headers = new Headers(init?.headers);
    identities.push(headers.get('Authorization') ?? headers.get('X-User-ID'));
    if (headers.get('Authorization') === `Bearer ${believed}`) return new Response('{}');
    return new Response('{"code":"unauthenticated"}', { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } });
  };
  return identities;
}

test('a request with a rejected token is repeated once with another one', async (t) => {
  t.after(() => signInBy(null));
  const identities = gateway('new');
  const renewed: string[] = [];
  signInBy({
    token: async () => 'old',
    renew: async (_, refused) => {
      renewed.push(refused);
      return 'new';
    },
  });
  await call('/x', { userId: 7, method: 'POST', body: '{}' });
  assert.deepEqual(identities, ['Bearer old', 'Bearer new']);
  assert.deepEqual(renewed, ['old']);
});

test('it is not repeated twice, and never as another user', async (t) => {
  t.after(() => signInBy(null));
  const identities = gateway('another token');
  signInBy({ token: async () => 'old', renew: async () => 'new' });
  await assert.rejects(call('/x', { userId: 7 }), (cause) => cause instanceof Failure && cause.code === 'unauthenticated');
  signInBy({ token: async (userId) => (userId === 8 ? 'of another' : null), renew: async () => null });
  await assert.rejects(call('/x', { userId: 7 }));
  assert.deepEqual(identities, ['Bearer old', 'Bearer new', null]);
});

test('in development mode only the user id identifies the sender', async () => {
  const identities = gateway('x');
  await assert.rejects(call('/x', { userId: 7 }));
  await assert.rejects(call('/x', { userId: null }));
  assert.deepEqual(identities, ['7', null]);
});
