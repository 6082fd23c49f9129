/** One deed for all letters that match: counted first, so that one knows what one agrees to. */
import type { Failure } from '../api/failure';
import type { DeadLetter } from '../api/model';
import { type Deed, listDeadLetters, PAGE_ROWS_MAX, type Service, settleDeadLetters } from '../api/operations';
import { asFailure } from '../state/pager.svelte';
import { filterOf, type LetterQuery, servicesOf } from './dead-letters.svelte';

const PAGES_MAX = 10;

export interface Matching {
  service: Service;
  count: number;
  /** There are more than were counted. */
  atLeast: boolean;
  types: { type: string; count: number }[];
  /** Only what had failed when it was counted is settled: a person agrees to what they were told of. */
  failedBefore: string;
}

export class SettleAll {
  readonly deed: Deed;
  readonly query: LetterQuery;
  phase = $state<'counting' | 'ready' | 'working'>('counting');
  /** What is still to be settled. */
  matching = $state.raw<Matching[]>([]);
  failures = $state.raw<{ service: Service; failure: Failure }[]>([]);
  settled = $state(0);
  readonly #userId: number;

  readonly count: number = $derived.by(() => this.matching.reduce((sum, { count }) => sum + count, 0));
  readonly atLeast: boolean = $derived.by(() => this.matching.some(({ atLeast }) => atLeast));

  constructor(userId: number, deed: Deed, query: LetterQuery) {
    this.#userId = userId;
    this.deed = deed;
    // What is settled stays so.
    this.query = { ...query, state: 'open' };
  }

  async prepare(): Promise<void> {
    this.phase = 'counting';
    this.failures = [];
    const counted = await Promise.all(servicesOf(this.query).map((service) => this.#tried(service, this.#match)));
    this.matching = counted.flatMap((matching) => (matching && matching.count > 0 ? [matching] : []));
    this.phase = 'ready';
  }

  /** True when all is done; else `failures` says who did not answer, and the rest can be tried again. */
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

/** How many of which type, the most frequent first; `letters` are newest first. */
export function summary(letters: DeadLetter[]): Pick<Matching, 'count' | 'types' | 'failedBefore'> {
  const counts = new Map<string, number>();
  for (const { event_type } of letters) counts.set(event_type, (counts.get(event_type) ?? 0) + 1);
  const types = [...counts].map(([type, count]) => ({ type, count }));
  // By the server's clock, up to the next millisecond: Date drops the digits behind it.
  const newest = letters[0] ? Date.parse(letters[0].failed_at) + 1 : 0;
  return {
    count: letters.length,
    types: types.sort((left, right) => right.count - left.count || left.type.localeCompare(right.type)),
    failedBefore: new Date(newest).toISOString(),
  };
}
