/** A list that is read page by page, newest first. */
import { Failure } from '../api/failure';
import type { Answer } from '../api/http';

type Phase = 'loading' | 'ready' | 'failed';

export class Pager<T> {
  items = $state.raw<T[]>([]);
  phase = $state<Phase>('loading');
  failure = $state.raw<Failure | null>(null);
  loadingMore = $state(false);
  #nextCursor = $state<string | null>(null);
  // Responses from before a reset must not be added to the new list.
  #generation = 0;

  readonly #read: (cursor: string | null) => Promise<Answer<T[]>>;
  readonly #same: (left: T, right: T) => boolean;
  readonly #order: ((left: T, right: T) => number) | null;

  /**
   * With `order`, the sort order of the list, a refresh also removes items that the newest page should
   * contain but does not: for lists from which items disappear.
   */
  constructor(
    read: (cursor: string | null) => Promise<Answer<T[]>>,
    same: (left: T, right: T) => boolean,
    order: ((left: T, right: T) => number) | null = null,
  ) {
    this.#read = read;
    this.#same = same;
    this.#order = order;
  }

  get hasMore(): boolean {
    return this.#nextCursor !== null;
  }

  /** Starts again, empty until the first page is read. */
  async reset(): Promise<void> {
    this.items = [];
    this.phase = 'loading';
    await this.#load((page) => page);
  }

  /** Reads the newest page again and merges it at the top. */
  async refresh(): Promise<void> {
    if (this.phase !== 'ready') return this.reset();
    await this.#load((page, nextCursor) => {
      const missing = this.items.filter((item) => !page.some((read) => this.#same(item, read)));
      // No overlap: there is more than one page of new items, and keeping the old ones would hide a gap.
      const joined = missing.length < this.items.length || nextCursor === null;
      if (!joined || this.items.length === 0) return page;
      return [...page, ...missing.filter((item) => !this.#hasLeft(item, page, nextCursor))];
    });
  }

  async more(): Promise<void> {
    const cursor = this.#nextCursor;
    if (cursor === null || this.loadingMore) return;
    const generation = this.#generation;
    this.loadingMore = true;
    this.failure = null;
    try {
      const { data, nextCursor } = await this.#read(cursor);
      if (generation !== this.#generation) return;
      const fresh = data.filter((item) => !this.items.some((known) => this.#same(known, item)));
      this.items = [...this.items, ...fresh];
      this.#nextCursor = nextCursor;
    } catch (failure) {
      if (generation === this.#generation) this.failure = asFailure(failure);
    } finally {
      this.loadingMore = false;
    }
  }

  /** Adds an item at the top, unless it is present. */
  include(item: T): void {
    if (!this.items.some((known) => this.#same(known, item))) this.items = [item, ...this.items];
  }

  exclude(item: T): void {
    this.items = this.items.filter((known) => !this.#same(known, item));
  }

  #hasLeft(item: T, page: T[], nextCursor: string | null): boolean {
    if (this.#order === null) return false;
    const last = page.at(-1);
    return nextCursor === null || last === undefined || this.#order(item, last) < 0;
  }

  async #load(join: (page: T[], nextCursor: string | null) => T[]): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    try {
      const { data, nextCursor } = await this.#read(null);
      if (generation !== this.#generation) return;
      const joined = join(data, nextCursor);
      if (this.phase !== 'ready' || joined.length === data.length) this.#nextCursor = nextCursor;
      this.items = joined;
      this.phase = 'ready';
      this.failure = null;
    } catch (failure) {
      if (generation !== this.#generation) return;
      this.failure = asFailure(failure);
      // Old rows are better than none: a failed refresh keeps them.
      if (this.phase !== 'ready') this.phase = 'failed';
    }
  }
}

export function asFailure(cause: unknown): Failure {
  return cause instanceof Failure ? cause : new Failure('unreadable', null, cause);
}
