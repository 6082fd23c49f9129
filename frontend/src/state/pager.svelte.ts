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
  // Answers of a list that was reset meanwhile must not land in the new one.
  #generation = 0;

  readonly #read: (cursor: string | null) => Promise<Answer<T[]>>;
  readonly #same: (left: T, right: T) => boolean;
  readonly #order: ((left: T, right: T) => number) | null;

  /**
   * With `order`, the order of the list, a refresh also drops what the newest page should have and does not:
   * for lists that things leave.
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

  /** Starts over, showing nothing until the first page is there. */
  async reset(): Promise<void> {
    this.items = [];
    this.phase = 'loading';
    await this.#load((page) => page);
  }

  /** Reads the newest page again and puts it on top of what is shown. */
  async refresh(): Promise<void> {
    if (this.phase !== 'ready') return this.reset();
    await this.#load((page, nextCursor) => {
      const missing = this.items.filter((item) => !page.some((read) => this.#same(item, read)));
      // No overlap: more than a page is new, and keeping the old part would hide a gap.
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

  /** Puts an item on top, unless it is there. */
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
      // Old rows are better than none: a refresh that failed keeps them.
      if (this.phase !== 'ready') this.phase = 'failed';
    }
  }
}

export function asFailure(cause: unknown): Failure {
  return cause instanceof Failure ? cause : new Failure('unreadable', null, cause);
}
