/** The dead letters of all services in one list, newest first, read page by page. */
import type { Failure } from '../api/failure';
import type { DeadLetterFilter, DeadLetterState, Direction } from '../api/model';
import { listDeadLetters, SERVICES, type Service } from '../api/operations';
import { Pager } from '../state/pager.svelte';
import { type Letter, newestFirst, sameLetter } from './letter';
import { holdingUp, mergePages } from './merge-pages';

// Long enough for healthy services; a hanging one does not delay the others.
const SHOW_TIMEOUT_MS = 400;
// Minimum number of rows added by "older", regardless of how the services' pages interleave.
const MORE_ROWS = 10;

export interface LetterQuery {
  /** `null` for all services. */
  service: Service | null;
  state: DeadLetterState;
  direction: Direction | null;
  type: string;
  /** Text contained in the reason. */
  reason: string;
}

export const ALL_OPEN: LetterQuery = { service: null, state: 'open', direction: null, type: '', reason: '' };

export interface Source {
  service: Service;
  pager: Pager<Letter>;
}

export class DeadLetters {
  /** The requested query; the rows follow when they are read. */
  query = $state.raw<LetterQuery>(ALL_OPEN);
  changing = $state(false);
  loadingMore = $state(false);
  #sources = $state.raw<Source[]>([]);
  readonly #userId: number;
  readonly #asking = new Set<Source>();

  readonly #pagers: Pager<Letter>[] = $derived.by(() => this.#sources.map(({ pager }) => pager));
  readonly items: Letter[] = $derived.by(() => mergePages<Letter>(this.#pagers, newestFirst));
  readonly hasMore: boolean = $derived.by(() => this.#pagers.some(({ hasMore }) => hasMore));
  readonly phase: 'loading' | 'ready' | 'failed' = $derived.by(() => {
    if (this.#pagers.some(({ phase }) => phase === 'ready')) return 'ready';
    const failed = this.#pagers.length > 0 && this.#pagers.every(({ phase }) => phase === 'failed');
    return failed ? 'failed' : 'loading';
  });
  /** The services whose dead letters are missing or may be outdated. */
  readonly failures: { service: Service; failure: Failure }[] = $derived.by(() =>
    this.#sources.flatMap(({ service, pager }) => (pager.failure ? [{ service, failure: pager.failure }] : [])),
  );

  constructor(userId: number) {
    this.#userId = userId;
  }

  /** Changes the query. The old rows stay until the new ones are read, or until a timeout. */
  async show(query: LetterQuery): Promise<void> {
    this.query = query;
    this.changing = true;
    const sources = servicesOf(query).map((service) => this.#sourceOf(service, query));
    const read = Promise.all(sources.map(({ pager }) => pager.reset()));
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, SHOW_TIMEOUT_MS))]);
    if (this.query !== query) return;
    this.#sources = sources;
    this.changing = false;
  }

  // One request at a time per service, as for the state of its messaging.
  async refresh(): Promise<void> {
    const ask = async (source: Source) => {
      if (this.#asking.has(source) || source.pager.loadingMore) return;
      this.#asking.add(source);
      await source.pager.refresh();
      this.#asking.delete(source);
    };
    await Promise.all(this.#sources.map(ask));
  }

  async more(): Promise<void> {
    if (this.loadingMore) return;
    this.loadingMore = true;
    const enough = this.items.length + MORE_ROWS;
    while (this.items.length < enough) {
      const pager = holdingUp<Letter, Pager<Letter>>(this.#pagers, newestFirst);
      if (pager === null) break;
      await pager.more();
      if (pager.failure) break;
    }
    this.loadingMore = false;
  }

  /** Removes a settled dead letter that no longer matches the query. */
  settle(letter: Letter): void {
    if (letter.state === this.query.state) return;
    for (const { service, pager } of this.#sources) if (service === letter.service) pager.exclude(letter);
  }

  #sourceOf(service: Service, query: LetterQuery): Source {
    const read = async (cursor: string | null) => {
      const page = await listDeadLetters(this.#userId, service, { filter: filterOf(query), cursor });
      return { ...page, data: page.data.map((letter) => ({ ...letter, service })) };
    };
    return { service, pager: new Pager<Letter>(read, sameLetter, newestFirst) };
  }
}

export function servicesOf({ service }: LetterQuery): Service[] {
  return service === null ? SERVICES : [service];
}

export function filterOf({ state, direction, type, reason }: LetterQuery): DeadLetterFilter {
  return {
    state,
    ...(direction && { direction }),
    ...(type && { type }),
    ...(reason.trim() && { reason: reason.trim() }),
  };
}

/** Whether the query excludes anything except settled dead letters. */
export function isNarrow({ service, direction, type, reason }: LetterQuery): boolean {
  return service !== null || direction !== null || type !== '' || reason.trim() !== '';
}
