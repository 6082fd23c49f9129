/**
 * The signed-in user and their tokens. The refresh token is stored in the browser, the access token only in
 * this page.
 */
import type { Bearer } from '../api/bearer';
import { Failure } from '../api/failure';
import {
  answerChallenge,
  logIn,
  logOut,
  refresh,
  register,
  resetPassword,
  type Challenge,
  type SignedIn,
  type User,
} from '../api/users';
import { browserStore, type Store } from './store';

// A token that expires sooner might expire during the request.
const MARGIN_MS = 30_000;

// Without `navigator.locks` another tab may have used the refresh token a moment ago, and its response may still be
// on the way. The server reports that for ten seconds; after that the token is taken for a stolen one.
const SPENT_WAIT_MS = 10_000;
const SPENT_PAUSE_MS = 50;

/** The operations of users-service. */
export interface Users {
  register(login: string, password: string): Promise<SignedIn>;
  logIn(login: string, password: string): Promise<SignedIn | Challenge>;
  answerChallenge(challenge: Challenge, code: string): Promise<SignedIn>;
  refresh(token: string): Promise<SignedIn>;
  logOut(token: string): Promise<void>;
}

export class Auth implements Bearer {
  user = $state.raw<User | null>(null);
  /** The session of this browser. */
  sessionId = $state.raw<string | null>(null);
  #access: { token: string; endsAt: number } | null = null;
  #renewing: Promise<void> | null = null;
  readonly #onTurn: (user: User | null) => void;
  readonly #store: Store;
  readonly #users: Users;
  readonly #spentWaitMs: number;

  /** `onTurn` is called when the signed-in user changes other than by `signIn`, `completeSignIn` and `register`. */
  constructor(
    onTurn: (user: User | null) => void,
    store: Store = browserStore,
    users: Users = { register, logIn, answerChallenge, refresh, logOut },
    spentWaitMs = SPENT_WAIT_MS,
  ) {
    this.#onTurn = onTurn;
    this.#store = store;
    this.#users = users;
    this.#spentWaitMs = spentWaitMs;
  }

  /** Follows changes in other tabs; returns a function that stops it. */
  start(): () => void {
    return this.#store.onChange(() => this.#hear());
  }

  /** Signs in; a user with a second factor is not signed in yet, and gets a challenge for `completeSignIn`. */
  async signIn(login: string, password: string): Promise<User | Challenge> {
    const answer = await this.#users.logIn(login, password);
    return 'challenge' in answer ? answer : this.#keep(answer);
  }

  async completeSignIn(challenge: Challenge, code: string): Promise<User> {
    return this.#keep(await this.#users.answerChallenge(challenge, code));
  }

  async register(login: string, password: string): Promise<User> {
    return this.#keep(await this.#users.register(login, password));
  }

  /** Continues with a new session of the user, who has just changed the password. */
  adopt(session: SignedIn): void {
    const before = this.user?.id;
    const user = this.#keep(session);
    // A renewal may have found the old session ended before the response arrived.
    if (user.id !== before) this.#onTurn(user);
  }

  /**
   * With a token of an administrator. A user who was signed in here is replaced; a user with a second factor gets a
   * challenge for `completeSignIn`.
   */
  async resetPassword(token: string, password: string): Promise<User | Challenge> {
    const answer = await resetPassword(token, password);
    return 'challenge' in answer ? answer : this.#keep(answer);
  }

  async signOut(): Promise<void> {
    const stored = this.#store.read();
    this.#store.write(null);
    this.#leave();
    // Sign out here in any case; if this request fails, the refresh token expires later.
    if (stored) await this.#users.logOut(stored.token).catch(() => undefined);
  }

  /** The user who is probably signed in. */
  get expected(): number | null {
    return this.user?.id ?? this.#store.read()?.userId ?? null;
  }

  /** Determines who is signed in. Throws a `Failure`. */
  restore(): Promise<void> {
    return this.#renewOnce();
  }

  async token(userId: number): Promise<string | null> {
    if (!this.#access || this.#access.endsAt - MARGIN_MS <= Date.now()) await this.#renewOnce();
    return this.#tokenOf(userId);
  }

  async renew(userId: number, refused: string): Promise<string | null> {
    // Another request may have renewed it already.
    if (!this.#access || this.#access.token === refused) {
      this.#access = null;
      await this.#renewOnce();
    }
    return this.#tokenOf(userId);
  }

  // A request is never sent as another user than it was created for.
  #tokenOf(userId: number): string | null {
    return this.user?.id === userId ? (this.#access?.token ?? null) : null;
  }

  #renewOnce(): Promise<void> {
    this.#renewing ??= this.#store
      .alone(() => this.#refresh())
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  async #refresh(): Promise<void> {
    const stored = this.#store.read();
    if (stored === null) return this.#leave();
    let session: SignedIn;
    try {
      session = await this.#users.refresh(stored.token);
    } catch (cause) {
      const isOver = cause instanceof Failure && cause.problem !== null && [401, 403].includes(cause.problem.status);
      if (!isOver) throw cause;
      if (cause.problem?.code === 'refresh_token_spent') await this.#untilReplaced(stored.token);
      if (!this.#isStill(stored.token)) return this.#catchUp();
      this.#store.write(null);
      return this.#leave();
    }
    // If someone signed out or in meanwhile, in this tab or another one, that change wins.
    if (!this.#isStill(stored.token)) return this.#catchUp();
    const before = this.user?.id;
    const user = this.#keep(session);
    if (user.id !== before) this.#onTurn(user);
  }

  // Waits until another tab has stored the token that replaces this one.
  async #untilReplaced(token: string): Promise<void> {
    for (let left = this.#spentWaitMs; left > 0 && this.#isStill(token); left -= SPENT_PAUSE_MS) {
      await new Promise((resolve) => setTimeout(resolve, SPENT_PAUSE_MS));
    }
  }

  #isStill(token: string): boolean {
    return this.#store.read()?.token === token;
  }

  // The stored token changed during a request: for a change in this tab nothing remains to do; another tab's
  // is loaded.
  async #catchUp(): Promise<void> {
    const stored = this.#store.read();
    if (this.#access && stored && stored.userId === this.user?.id) return;
    return this.#refresh();
  }

  #hear(): void {
    const stored = this.#store.read();
    if (stored === null) return this.#leave();
    if (stored.userId === this.user?.id) return;
    this.#access = null;
    // Without network, the next request tries again.
    void this.#renewOnce().catch(() => undefined);
  }

  #keep(session: SignedIn): User {
    this.#store.write({ userId: session.user.id, token: session.refresh_token });
    this.#access = { token: session.access_token, endsAt: Date.now() + session.expires_in * 1000 };
    this.user = session.user;
    this.sessionId = session.session_id;
    return session.user;
  }

  #leave(): void {
    this.#access = null;
    if (this.user === null) return;
    this.user = null;
    this.#onTurn(null);
  }
}
