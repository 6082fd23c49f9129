/** Unsent input of a form. Survives a reload of the tab. */
import { newKey } from '../api/http';

interface StoredDraft<T> {
  fields: T;
  /** The last sent body, and its idempotency key. */
  sentBody: string | null;
  key: string;
}

const PREFIX = 'chipin.draft.';

/** Deletes all drafts of this tab, because another user may use the browser next. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  } catch {
    return;
  }
}

export class Draft<T extends Record<string, string>> {
  readonly fields: T;
  readonly #storageKey: string;
  readonly #blank: T;
  #sentBody: string | null;
  #sentFields: string | null = null;
  #key: string;

  constructor(storageKey: string, blank: T) {
    this.#storageKey = PREFIX + storageKey;
    this.#blank = blank;
    const stored = readStored<T>(this.#storageKey);
    const fields = $state({ ...blank, ...stored?.fields });
    this.fields = fields;
    this.#sentBody = stored?.sentBody ?? null;
    this.#key = stored?.key ?? newKey();
  }

  /**
   * The Idempotency-Key for this body.
   *
   * Sending the same body again, after a lost response or a reload, must not execute it twice; any other body
   * is a new request and needs a new key.
   */
  keyFor(body: string): string {
    if (this.#sentBody !== null && this.#sentBody !== body) this.#key = newKey();
    this.#sentBody = body;
    this.#sentFields = JSON.stringify(this.fields);
    this.keep();
    return this.#key;
  }

  keep(): void {
    const stored: StoredDraft<T> = { fields: { ...this.fields }, sentBody: this.#sentBody, key: this.#key };
    try {
      sessionStorage.setItem(this.#storageKey, JSON.stringify(stored));
    } catch {
      return;
    }
  }

  /**
   * The request is complete: the next one gets a new key, and empty fields unless the user has already
   * started typing.
   */
  done(): void {
    if (JSON.stringify(this.fields) === this.#sentFields) Object.assign(this.fields, this.#blank);
    this.#sentBody = null;
    this.#sentFields = null;
    this.#key = newKey();
    this.keep();
  }
}

function readStored<T>(storageKey: string): StoredDraft<T> | null {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey) ?? 'null') as StoredDraft<T> | null;
  } catch {
    return null;
  }
}
