/** Stores the refresh token in the browser, for all its tabs. */

const KEY = 'chipin.refresh';

export interface StoredToken {
  userId: number;
  token: string;
}

export interface Store {
  read(): StoredToken | null;
  write(stored: StoredToken | null): void;
  /** Runs `work` in one tab at a time, because a refresh token is valid only once. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Reports writes of other tabs; returns a function that stops it. */
  onChange(listener: () => void): () => void;
}

// Without storage, the user stays signed in as long as the page is open.
let unstored: StoredToken | null = null;

export const browserStore: Store = {
  read() {
    try {
      return parseStoredToken(localStorage.getItem(KEY));
    } catch {
      return unstored;
    }
  },
  write(stored) {
    unstored = stored;
    try {
      if (stored === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, JSON.stringify(stored));
    } catch {
      return;
    }
  },
  async alone<T>(work: () => Promise<T>): Promise<T> {
    // Not available on plain HTTP from another machine; then two tabs may renew at once, and one of them
    // retries.
    return navigator.locks ? await navigator.locks.request(KEY, async () => await work()) : work();
  },
  onChange(listener) {
    const listen = ({ key }: StorageEvent) => {
      // The whole storage was cleared, or this key was written.
      if (key === null || key === KEY) listener();
    };
    addEventListener('storage', listen);
    return () => removeEventListener('storage', listen);
  },
};

/** The stored value, unless it is malformed. */
export function parseStoredToken(text: string | null): StoredToken | null {
  if (text === null) return null;
  try {
    const { userId, token } = JSON.parse(text) as Partial<StoredToken>;
    return typeof userId === 'number' && typeof token === 'string' ? { userId, token } : null;
  } catch {
    return null;
  }
}
