/** An open group: its state, and what its members do with it. */
import type { Failure } from '../api/failure';
import * as api from '../api/groups';
import { writeJson, type Writable } from '../api/json';
import { Draft } from '../state/draft.svelte';
import { asFailure } from '../state/pager.svelte';

export class OpenGroup {
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  state = $state.raw<api.Group | null>(null);
  failure = $state.raw<Failure | null>(null);
  readonly call: api.GroupCall;
  readonly #drafts: Record<'settle' | 'expense' | 'join' | 'person', Draft<Record<string, string>>>;

  constructor(userId: number, key: string) {
    this.call = { userId, key };
    const draft = (what: string) => new Draft<Record<string, string>>(`${what}.${key}.${userId}`, {});
    this.#drafts = {
      settle: draft('settle-up'),
      expense: draft('expense'),
      join: draft('join-group'),
      person: draft('person'),
    };
  }

  get you(): api.Member | null {
    return this.member(this.state?.you ?? null);
  }

  member(id: number | null): api.Member | null {
    return this.state?.members.find((member) => member.id === id) ?? null;
  }

  /** Whether a payment has no answer yet. */
  get isWaiting(): boolean {
    return this.state?.settlements?.some(({ state }) => state === 'pending') ?? false;
  }

  async refresh(): Promise<void> {
    try {
      this.state = await api.readGroup(this.call);
      this.phase = 'ready';
      this.failure = null;
    } catch (cause) {
      this.failure = asFailure(cause);
      const status = this.failure.problem?.status;
      if (status === 404 || this.phase !== 'ready') this.phase = 'failed';
    }
  }

  /** Executes an action that changes the group. Returns the failure, or `null`. */
  async attempt(deed: (call: api.GroupCall) => Promise<api.Group>): Promise<Failure | null> {
    try {
      this.state = await deed(this.call);
      return null;
    } catch (cause) {
      const failure = asFailure(cause);
      // A rejected action was based on an old state.
      if (failure.problem && failure.problem.status < 500) void this.refresh();
      return failure;
    }
  }

  join(name: string, member?: number): Promise<Failure | null> {
    const who = member === undefined ? { name } : { name, member };
    return this.#once('join', writeJson(who), (call, _, key) => api.join(call, who, key));
  }

  addPerson(name: string): Promise<Failure | null> {
    const who = { name, without_account: true };
    return this.#once('person', writeJson(who), (call, _, key) => api.join(call, who, key));
  }

  addExpense(entry: api.Entry): Promise<Failure | null> {
    return this.#once('expense', writeJson(entry as unknown as Writable), api.addExpense);
  }

  /** Pays what the member has seen. A repeat after a lost response does not pay twice. */
  settle(transfer: api.GroupTransfer, means: 'balance' | 'cash'): Promise<Failure | null> {
    return this.#once('settle', api.settleUpBody(transfer, means), api.settleUp);
  }

  async #once(
    what: 'settle' | 'expense' | 'join' | 'person',
    body: string,
    deed: (call: api.GroupCall, body: string, key: string) => Promise<api.Group>,
  ): Promise<Failure | null> {
    const draft = this.#drafts[what];
    const key = draft.keyFor(body);
    const failure = await this.attempt((call) => deed(call, body, key));
    // A rejection is final: the next attempt is a new request.
    if (!failure?.mayPass) draft.done();
    return failure;
  }
}
