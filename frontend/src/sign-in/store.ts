/** Where the refresh token is kept: in this browser, for all its tabs. */

const KEY = 'chipin.refresh';

export interface Kept {
  userId: number;
  token: string;
}

export interface Store {
  read(): Kept | null;
  write(kept: Kept | null): void;
  /** Lets one tab at a time do this: a refresh token is good once. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Tells what other tabs write; returns how to stop it. */
  onChange(heard: () => void): () => void;
}

// Without storage one is signed in as long as the page is open.
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
    // Missing on plain http to another machine; then two tabs may both ask, and one asks again.
    return navigator.locks ? await navigator.locks.request(KEY, async () => await work()) : work();
  },
  onChange(heard) {
    const listen = ({ key }: StorageEvent) => {
      // Everything was cleared, or this was written.
      if (key === null || key === KEY) heard();
    };
    addEventListener('storage', listen);
    return () => removeEventListener('storage', listen);
  },
};

/** What was kept, unless somebody else wrote there. */
export function readKept(text: string | null): Kept | null {
  if (text === null) return null;
  try {
    const { userId, token } = JSON.parse(text) as Partial<Kept>;
    return typeof userId === 'number' && typeof token === 'string' ? { userId, token } : null;
  } catch {
    return null;
  }
}
