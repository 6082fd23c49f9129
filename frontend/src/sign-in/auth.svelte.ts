/** Who is signed in here, and the tokens that prove it. The refresh token stays in this browser; the access token in this page. */
import type { Bearer } from '../api/bearer';
import { Failure } from '../api/failure';
import { logIn, logOut, refresh, register, type SignedIn, type User } from '../api/users';

// A token that ends sooner might end on its way.
const MARGIN_MS = 30_000;
const KEY = 'chipin.refresh';
const LOCK = 'chipin.refresh';

/** What keeps the refresh token, and lets one tab at a time use it. */
export interface Store {
  read(): string | null;
  write(token: string | null): void;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** What users-service is asked. */
export interface Users {
  register(login: string, password: string): Promise<SignedIn>;
  logIn(login: string, password: string): Promise<SignedIn>;
  refresh(token: string): Promise<SignedIn>;
  logOut(token: string): Promise<void>;
}

export class Auth implements Bearer {
  user = $state.raw<User | null>(null);
  #access: { token: string; endsAt: number } | null = null;
  #renewing: Promise<string | null> | null = null;
  readonly #store: Store;
  readonly #users: Users;

  /** `onOut` is told when nobody is signed in any more. */
  constructor(
    private readonly onOut: () => void,
    store: Store = browserStore,
    users: Users = { register, logIn, refresh, logOut },
  ) {
    this.#store = store;
    this.#users = users;
  }

  async signIn(login: string, password: string): Promise<User> {
    return this.#keep(await this.#users.logIn(login, password));
  }

  async register(login: string, password: string): Promise<User> {
    return this.#keep(await this.#users.register(login, password));
  }

  async signOut(): Promise<void> {
    const token = this.#store.read();
    this.#forget();
    // Signed out here in any case; the token ends by itself when nobody hears this.
    if (token) await this.#users.logOut(token).catch(() => undefined);
  }

  async token(): Promise<string | null> {
    if (this.#access && this.#access.endsAt - MARGIN_MS > Date.now()) return this.#access.token;
    return this.#renewOnce();
  }

  async renew(refused: string): Promise<string | null> {
    // Another request may have renewed it already.
    if (this.#access && this.#access.token !== refused) return this.#access.token;
    this.#access = null;
    return this.#renewOnce();
  }

  #renewOnce(): Promise<string | null> {
    this.#renewing ??= this.#store
      .alone(() => this.#refresh())
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  async #refresh(): Promise<string | null> {
    const token = this.#store.read();
    if (token === null) {
      if (this.user) this.#forget();
      return null;
    }
    try {
      this.#keep(await this.#users.refresh(token));
      return this.#access?.token ?? null;
    } catch (cause) {
      const isOver = cause instanceof Failure && cause.problem !== null && [401, 403].includes(cause.problem.status);
      if (!isOver) throw cause;
      // Another tab was faster: what it got is good.
      if (this.#store.read() !== token) return this.#refresh();
      this.#forget();
      return null;
    }
  }

  #keep(session: SignedIn): User {
    this.#store.write(session.refresh_token);
    this.#access = { token: session.access_token, endsAt: Date.now() + session.expires_in * 1000 };
    this.user = session.user;
    return session.user;
  }

  #forget(): void {
    this.#store.write(null);
    this.#access = null;
    this.user = null;
    this.onOut();
  }
}

// Without storage one is signed in as long as the page is open.
let unstored: string | null = null;

const browserStore: Store = {
  read() {
    try {
      return localStorage.getItem(KEY) ?? unstored;
    } catch {
      return unstored;
    }
  },
  write(token) {
    unstored = token;
    try {
      if (token === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, token);
    } catch {
      return;
    }
  },
  async alone<T>(work: () => Promise<T>): Promise<T> {
    // Missing on plain http to another machine; then two tabs may both ask, and one asks again.
    return navigator.locks ? await navigator.locks.request(LOCK, async () => await work()) : work();
  },
};
