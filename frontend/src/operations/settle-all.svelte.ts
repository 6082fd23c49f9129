/** A bulk action on all matching dead letters; they are counted first for the confirmation. */
import type { Failure } from '../api/failure';
import type { DeadLetter } from '../api/model';
import {
  type DeadLetterAction,
  listDeadLetters,
  PAGE_ROWS_MAX,
  type Service,
  settleDeadLetters,
} from '../api/operations';
import { asFailure } from '../state/pager.svelte';
import { filterOf, type LetterQuery, servicesOf } from './dead-letters.svelte';

const PAGES_MAX = 10;

export interface Matching {
  service: Service;
  count: number;
  /** There are more than the counted ones. */
  atLeast: boolean;
  types: { type: string; count: number }[];
  /** Limits the action to dead letters that had failed when they were counted and confirmed. */
  failedBefore: string;
}

export class SettleAll {
  readonly deed: DeadLetterAction;
  readonly query: LetterQuery;
  phase = $state<'counting' | 'ready' | 'working'>('counting');
  /** The dead letters that remain to be settled. */
  matching = $state.raw<Matching[]>([]);
  failures = $state.raw<{ service: Service; failure: Failure }[]>([]);
  settled = $state(0);
  readonly #userId: number;

  readonly count: number = $derived.by(() => this.matching.reduce((sum, { count }) => sum + count, 0));
  readonly atLeast: boolean = $derived.by(() => this.matching.some(({ atLeast }) => atLeast));

  constructor(userId: number, deed: DeadLetterAction, query: LetterQuery) {
    this.#userId = userId;
    this.deed = deed;
    // Settled dead letters are final.
    this.query = { ...query, state: 'open' };
  }

  async prepare(): Promise<void> {
    this.phase = 'counting';
    this.failures = [];
    const counted = await Promise.all(servicesOf(this.query).map((service) => this.#tried(service, this.#match)));
    this.matching = counted.flatMap((matching) => (matching && matching.count > 0 ? [matching] : []));
    this.phase = 'ready';
  }

  /**
   * Returns true if all are settled; otherwise `failures` has the failed services, and the rest can be
   * retried.
   */
  async carryOut(): Promise<boolean> {
    this.phase = 'working';
    this.failures = [];
    await Promise.all(this.matching.map(({ service }) => this.#tried(service, this.#settle)));
    this.phase = 'ready';
    return this.failures.length === 0;
  }

  readonly #match = async (service: Service): Promise<Matching> => {
    const letters: DeadLetter[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const request = { filter: filterOf(this.query), cursor, limit: PAGE_ROWS_MAX };
      const answer = await listDeadLetters(this.#userId, service, request);
      letters.push(...answer.data);
      cursor = answer.nextCursor;
      if (cursor === null) break;
    }
    return { service, ...summary(letters), atLeast: cursor !== null };
  };

  readonly #settle = async (service: Service): Promise<void> => {
    const { failedBefore } = this.matching.find((each) => each.service === service) ?? {};
    const filter = { ...filterOf(this.query), ...(failedBefore && { failed_before: failedBefore }) };
    const settled = await settleDeadLetters(this.#userId, service, this.deed, filter);
    this.settled += settled;
    this.matching = this.matching.filter((each) => each.service !== service);
  };

  async #tried<T>(service: Service, deed: (service: Service) => Promise<T>): Promise<T | null> {
    try {
      return await deed(service);
    } catch (cause) {
      this.failures = [...this.failures, { service, failure: asFailure(cause) }];
      return null;
    }
  }
}

/** The number per event type, the most frequent first; `letters` are newest first. */
export function summary(letters: DeadLetter[]): Pick<Matching, 'count' | 'types' | 'failedBefore'> {
  const counts = new Map<string, number>();
  for (const { event_type } of letters) counts.set(event_type, (counts.get(event_type) ?? 0) + 1);
  const types = [...counts].map(([type, count]) => ({ type, count }));
  // By the server's clock, rounded up to the next millisecond, because Date drops further digits.
  const newest = letters[0] ? Date.parse(letters[0].failed_at) + 1 : 0;
  return {
    count: letters.length,
    types: types.sort((left, right) => right.count - left.count || left.type.localeCompare(right.type)),
    failedBefore: new Date(newest).toISOString(),
  };
}
