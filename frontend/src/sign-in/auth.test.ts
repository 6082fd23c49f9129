import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../api/failure';
import type { SignedIn, User } from '../api/users';
import { Auth, type Users } from './auth.svelte';
import { parseStoredToken, type Store, type StoredToken } from './store';

const ANNA = 7;
const BORIS = 8;

function user(id: number): User {
  return { id, login: id === ANNA ? 'anna' : 'boris', role: 'user', blocked: false, created_at: '' };
}

function session(number: number, id = ANNA): SignedIn {
  return { user: user(id), access_token: `a${number}`, expires_in: 600, refresh_token: `r${number}`, session_id: 's' };
}

function refusal(status: number, code: string): Failure {
  return new Failure('problem', { type: '', title: '', status, code });
}

/** A browser with any number of tabs. */
function browser(users: Partial<Users>) {
  let stored: StoredToken | null = { userId: ANNA, token: 'r0' };
  const listeners: (() => void)[] = [];
  const loggedOut: string[] = [];
  const asked: Users = {
    register: () => Promise.reject(new Error('not asked')),
    logIn: () => Promise.reject(new Error('not asked')),
    answerChallenge: () => Promise.reject(new Error('not asked')),
    refresh: () => Promise.reject(new Error('not asked')),
    logOut: async (token) => void loggedOut.push(token),
    ...users,
  };
  function tab() {
    const turns: (number | null)[] = [];
    let mine: (() => void) | null = null;
    const store: Store = {
      read: () => stored,
      write: (next) => {
        stored = next;
        for (const listener of listeners) if (listener !== mine) listener();
      },
      alone: (work) => work(),
      onChange: (listener) => {
        mine = listener;
        listeners.push(listener);
        return () => undefined;
      },
    };
    const auth = new Auth((turned) => turns.push(turned?.id ?? null), store, asked, 1000);
    auth.start();
    return { auth, turns };
  }
  return { tab, stored: () => stored, loggedOut };
}

/** A response that is sent on demand. */
function held<T>() {
  let release: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (release = resolve));
  return { promise, release };
}

test('concurrent requests renew the token once', async () => {
  let asked = 0;
  const { tab, stored } = browser({ refresh: async () => session((asked += 1)) });
  const { auth, turns } = tab();
  assert.deepEqual(await Promise.all([auth.token(ANNA), auth.token(ANNA), auth.token(ANNA)]), ['a1', 'a1', 'a1']);
  assert.equal(await auth.token(ANNA), 'a1');
  assert.equal(asked, 1);
  assert.equal(stored()?.token, 'r1');
  assert.deepEqual(turns, [ANNA]);
});

test('a rejected token is replaced only once', async () => {
  let asked = 0;
  const { auth, turns } = browser({ refresh: async () => session((asked += 1)) }).tab();
  await auth.token(ANNA);
  assert.equal(await auth.renew(ANNA, 'a1'), 'a2');
  assert.equal(await auth.renew(ANNA, 'a1'), 'a2');
  assert.equal(asked, 2);
  assert.deepEqual(turns, [ANNA], 'the same user is no news');
});

test('a final rejection signs the user out', async () => {
  let refused = false;
  const refresh = async () => {
    if (refused) throw refusal(401, 'invalid_refresh_token');
    return session(1);
  };
  const { tab, stored } = browser({ refresh });
  const { auth, turns } = tab();
  await auth.restore();
  refused = true;
  assert.equal(await auth.renew(ANNA, 'a1'), null);
  assert.equal(stored(), null);
  assert.deepEqual(turns, [ANNA, null]);
});

test('a network failure does not sign the user out', async () => {
  const { tab, stored } = browser({ refresh: () => Promise.reject(new Failure('network')) });
  const { auth, turns } = tab();
  await assert.rejects(auth.token(ANNA));
  assert.equal(stored()?.token, 'r0');
  assert.deepEqual(turns, []);
});

test('signing out deletes the token and notifies the server', async () => {
  const { tab, stored, loggedOut } = browser({ refresh: async () => session(1) });
  const { auth, turns } = tab();
  await auth.restore();
  await auth.signOut();
  assert.equal(stored(), null);
  assert.deepEqual(loggedOut, ['r1']);
  assert.deepEqual(turns, [ANNA, null]);
  assert.equal(await auth.token(ANNA), null);
});

test('signing out is effective during a refresh', async () => {
  const answer = held<SignedIn>();
  let asked = 0;
  const { tab, stored } = browser({ refresh: () => ((asked += 1) === 1 ? Promise.resolve(session(1)) : answer.promise) });
  const { auth } = tab();
  await auth.restore();
  const renewing = auth.renew(ANNA, 'a1');
  await auth.signOut();
  answer.release(session(2));
  assert.equal(await renewing, null);
  assert.equal(stored(), null);
  assert.equal(auth.user, null);
});

test('signing in as another user is effective during a refresh of the first', async () => {
  const answer = held<SignedIn>();
  const { tab, stored } = browser({ refresh: () => answer.promise, logIn: async () => session(9, BORIS) });
  const { auth, turns } = tab();
  const restoring = auth.restore();
  await auth.signIn('boris', 'x');
  answer.release(session(1));
  await restoring;
  assert.deepEqual(stored(), { userId: BORIS, token: 'r9' });
  assert.equal(await auth.token(BORIS), 'a9');
  assert.equal(await auth.token(ANNA), null, 'what was asked for Anna is not sent as Boris');
  assert.deepEqual(turns, []);
});

test('this tab follows a sign-in of another tab, and sends no request of the first user as the second', async () => {
  const refresh = async (token: string) => (token === 'r9' ? session(10, BORIS) : session(1));
  const { tab } = browser({ refresh, logIn: async () => session(9, BORIS) });
  const [first, second] = [tab(), tab()];
  await first.auth.restore();
  await second.auth.signIn('boris', 'x');
  assert.equal(await first.auth.token(ANNA), null);
  assert.equal(await first.auth.token(BORIS), 'a10');
  assert.deepEqual(first.turns, [ANNA, BORIS]);
});

test('after a new password this page continues with the new session', async () => {
  const { tab, stored } = browser({ refresh: async () => session(1) });
  const { auth, turns } = tab();
  await auth.restore();
  auth.adopt(session(2));
  assert.equal(await auth.token(ANNA), 'a2');
  assert.equal(stored()?.token, 'r2');
  assert.deepEqual(turns, [ANNA]);
});

test('it does so even if the old session was found ended before the response arrived', async () => {
  const { tab } = browser({ refresh: async () => Promise.reject(refusal(401, 'invalid_refresh_token')) });
  const { auth, turns } = tab();
  auth.adopt(session(1));
  auth.renew(ANNA, 'a1').catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(auth.user, null);
  auth.adopt(session(2));
  assert.equal(await auth.token(ANNA), 'a2');
  assert.deepEqual(turns, [ANNA, null, ANNA]);
});

test('signing out in one tab signs out all tabs', async () => {
  const { tab, stored } = browser({ refresh: async (token) => session(Number(token.slice(1)) + 1) });
  const [first, second] = [tab(), tab()];
  await first.auth.restore();
  await second.auth.restore();
  await second.auth.signOut();
  assert.equal(first.auth.user, null);
  assert.deepEqual(first.turns, [ANNA, null]);
  assert.equal(stored(), null);
});

test('a refresh in one tab does not undo the sign-out in another', async () => {
  const answer = held<SignedIn>();
  let isHeld = false;
  const { tab, stored } = browser({ refresh: () => (isHeld ? answer.promise : Promise.resolve(session(1))) });
  const [first, second] = [tab(), tab()];
  await first.auth.restore();
  await second.auth.restore();
  isHeld = true;
  const renewing = first.auth.renew(ANNA, 'a1');
  await second.auth.signOut();
  answer.release(session(3));
  assert.equal(await renewing, null);
  assert.equal(stored(), null);
});

test('a token renewed by another tab is used', async () => {
  const { tab } = browser({
    refresh: async (token) => {
      if (token === 'r5') return session(6);
      // The other tab was faster.
      throw refusal(401, 'refresh_token_spent');
    },
    logIn: async () => session(5),
  });
  const [first, second] = [tab(), tab()];
  const restoring = first.auth.restore();
  await second.auth.signIn('anna', 'x');
  await restoring;
  assert.equal(await first.auth.token(ANNA), 'a6');
});

/** A users-service that accepts each token once, and whose successful responses arrive late. */
function rotating(lateMs: number) {
  let newest = 0;
  const refresh = async (token: string) => {
    if (token !== `r${newest}`) throw refusal(401, 'refresh_token_spent');
    const next = session((newest += 1));
    await new Promise((resolve) => setTimeout(resolve, lateMs));
    return next;
  };
  return { refresh };
}

test('three tabs that renew at once without locks all stay signed in', async () => {
  const { tab, stored } = browser(rotating(120));
  const tabs = [tab(), tab(), tab()];
  const tokens = await Promise.all(tabs.map(({ auth }) => auth.token(ANNA)));
  assert.deepEqual([...tokens].sort(), ['a1', 'a2', 'a3']);
  for (const { turns } of tabs) assert.deepEqual(turns, [ANNA]);
  assert.equal(stored()?.token, 'r3');
});

test('a tab whose refresh token was used by nobody who stored the next one signs out', async () => {
  const { tab, stored } = browser({ refresh: () => Promise.reject(refusal(401, 'refresh_token_spent')) });
  const { auth } = tab();
  assert.equal(await auth.token(ANNA), null);
  assert.equal(stored(), null);
});

test('a user with a second factor is signed in only after the second step', async () => {
  const { tab, stored } = browser({
    refresh: async () => session(1, BORIS),
    logIn: async () => ({ challenge: 'c', expires_in: 300 }),
    answerChallenge: async ({ challenge }, code) => {
      if (challenge !== 'c' || code !== '123456') throw refusal(401, 'wrong_code');
      return session(9);
    },
  });
  const { auth } = tab();
  await auth.restore();
  const challenge = await auth.signIn('anna', 'x');
  assert.ok('challenge' in challenge);
  assert.equal(auth.user?.id, BORIS, 'who was signed in before still is');
  await assert.rejects(auth.completeSignIn(challenge, '000000'));
  assert.equal(stored()?.token, 'r1');
  assert.equal((await auth.completeSignIn(challenge, '123456')).id, ANNA);
  assert.deepEqual(stored(), { userId: ANNA, token: 'r9' });
});

test('malformed stored values are not used as a token', () => {
  for (const text of [null, '', 'r0', '{}', '{"userId":"7","token":"r0"}', 'null']) assert.equal(parseStoredToken(text), null);
  assert.deepEqual(parseStoredToken('{"userId":7,"token":"r0"}'), { userId: 7, token: 'r0' });
});
