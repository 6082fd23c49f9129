import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../api/failure';
import type { SignedIn } from '../api/users';
import { Auth, type Store, type Users } from './auth.svelte';

const user = { id: 7, login: 'anna', role: 'user', blocked: false, created_at: '' } as const;

function stage(refresh: Users['refresh']) {
  let kept: string | null = 'r0';
  let outs = 0;
  const store: Store = {
    read: () => kept,
    write: (token) => {
      kept = token;
    },
    alone: (work) => work(),
  };
  const never = () => Promise.reject(new Error('not asked'));
  const users: Users = { register: never, logIn: never, refresh, logOut: () => Promise.resolve() };
  const auth = new Auth(() => (outs += 1), store, users);
  return { auth, store, outs: () => outs };
}

function session(number: number): SignedIn {
  return { user, access_token: `a${number}`, expires_in: 600, refresh_token: `r${number}` };
}

function refusal(status: number, code: string): Failure {
  return new Failure('problem', { type: '', title: '', status, code });
}

test('requests at once renew the token once', async () => {
  let asked = 0;
  const { auth, store } = stage(async () => session((asked += 1)));
  assert.deepEqual(await Promise.all([auth.token(), auth.token(), auth.token()]), ['a1', 'a1', 'a1']);
  assert.equal(await auth.token(), 'a1');
  assert.equal(asked, 1);
  assert.equal(store.read(), 'r1');
  assert.equal(auth.user?.login, 'anna');
});

test('a token that was refused is replaced, and not twice', async () => {
  let asked = 0;
  const { auth } = stage(async () => session((asked += 1)));
  await auth.token();
  assert.equal(await auth.renew('a1'), 'a2');
  assert.equal(await auth.renew('a1'), 'a2');
  assert.equal(asked, 2);
});

test('whoever is refused for good is signed out', async () => {
  const { auth, store, outs } = stage(() => Promise.reject(refusal(401, 'invalid_refresh_token')));
  assert.equal(await auth.token(), null);
  assert.equal(store.read(), null);
  assert.equal(outs(), 1);
});

test('a network that is away signs nobody out', async () => {
  const { auth, store, outs } = stage(() => Promise.reject(new Failure('network')));
  await assert.rejects(auth.token());
  assert.equal(store.read(), 'r0');
  assert.equal(outs(), 0);
});

test('what another tab got is used', async () => {
  const { auth, store } = stage(async (token) => {
    if (token === 'r5') return session(6);
    store.write('r5');
    throw refusal(401, 'refresh_token_spent');
  });
  assert.equal(await auth.token(), 'a6');
});
