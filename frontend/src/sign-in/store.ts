/** Stores the refresh token in the browser, for all its tabs. */

const KEY = 'chipin.refresh';

export interface Kept {
  userId: number;
  token: string;
}

export interface Store {
  read(): Kept | null;
  write(kept: Kept | null): void;
  /** Runs `work` in one tab at a time, because a refresh token is valid only once. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Reports writes of other tabs; returns a function that stops it. */
  onChange(heard: () => void): () => void;
}

// Without storage, the user stays signed in as long as the page is open.
let unstored: Kept | null = null;

export const browserStore: Store = {
  read() {
    try {
      return readKept(localStorage.getItem(KEY));
    } catch {
      return unstored;
    }
  },
  write(kept) {
    unstored = kept;
    try {
      if (kept === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      return;
    }
  },
  async alone<T>(work: () => Promise<T>): Promise<T> {
    // Not available on plain HTTP from another machine; then two tabs may renew at once, and one of them
    // retries.
    return navigator.locks ? await navigator.locks.request(KEY, async () => await work()) : work();
  },
  onChange(heard) {
    const listen = ({ key }: StorageEvent) => {
      // The whole storage was cleared, or this key was written.
      if (key === null || key === KEY) heard();
    };
    addEventListener('storage', listen);
    return () => removeEventListener('storage', listen);
  },
};

/** The stored value, unless it is malformed. */
export function readKept(text: string | null): Kept | null {
  if (text === null) return null;
  try {
    const { userId, token } = JSON.parse(text) as Partial<Kept>;
    return typeof userId === 'number' && typeof token === 'string' ? { userId, token } : null;
  } catch {
    return null;
  }
}
