/** One shared cheque as this visitor sees it: kept up to date, with all actions. */
import { SvelteMap } from 'svelte/reactivity';
import { AccountState } from '../account/account.svelte';
import { Activity } from '../activity/activity.svelte';
import type { Failure } from '../api/failure';
import { readJson } from '../api/json';
import type { Cheque, Due, Part, Participant, SharedCheque as State, Split } from '../api/model';
import * as router from '../api/router';
import { failureWords } from '../i18n/failure-words';
import { Connection } from '../live/connection.svelte';
import type { Thousandths } from '../money/amount';
import { Draft } from '../state/draft.svelte';
import { asFailure } from '../state/pager.svelte';
import { person } from './look-up';
import { recallToken, rememberToken } from './guest';
import { isNothing } from './part';
import { ChequeHistory } from './history.svelte';

type Phase = 'loading' | 'ready' | 'failed';

/** A rejected claim, until the next attempt. */
export interface ClaimRefusal {
  failure: Failure;
  wanted: Part;
}

interface LiveMessage {
  version: number;
  cheque: Cheque;
  split: Split;
}

// If an expected push does not arrive in this time, the state is requested.
const PUSH_TIMEOUT_MS = 10_000;

export class SharedCheque {
  readonly hash: string;
  readonly userId: number | null;
  /** What happened on this page only, such as a rejected claim. */
  readonly activity = new Activity();
  readonly history: ChequeHistory;
  readonly connection: Connection;
  /** The user's account; a guest has none. */
  readonly account: AccountState | null;
  readonly settleDraft: Draft<Record<never, string>>;
  readonly topUpDraft: Draft<{ amount: string }>;

  phase = $state<Phase>('loading');
  /** The last known state; kept if a newer one could not be read, as `failure` shows. */
  state = $state.raw<State | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Claims that are being sent. */
  readonly claiming = new SvelteMap<number, Part>();
  readonly refused = new SvelteMap<number, ClaimRefusal>();
  /** The parts of all dues, for `version`. */
  dues = $state.raw<{ version: number; dues: Due[] } | null>(null);
  /** For whom the owner claims lines, if not for themselves. */
  claimingFor = $state<number | null>(null);
  #token = $state<string | null>(null);
  #patrol = 0;

  constructor(hash: string, userId: number | null) {
    this.hash = hash;
    this.userId = userId;
    this.history = new ChequeHistory((cursor) => router.listActivity(this.table, cursor));
    this.#token = recallToken(hash);
    this.account = userId === null ? null : new AccountState(userId, () => undefined);
    this.settleDraft = new Draft(`settle.${hash}.${userId}`, {});
    this.topUpDraft = new Draft(`missing.${hash}.${userId}`, { amount: '' });
    this.connection = new Connection(async () => router.chequeSocketUrl(hash), {
      onLive: () => {
        if (this.failure) void this.refresh();
      },
      // Find out whether the link has expired or only the connection was lost.
      onLost: () => void this.refresh(),
      onMessage: (text) => this.#hear(readJson(text) as LiveMessage),
    });
  }

  get cheque(): Cheque | null {
    return this.state?.cheque ?? null;
  }

  /** Whether the link has expired for guests and strangers. */
  get expired(): boolean {
    return this.state !== null && Date.parse(this.state.split.expires_at) <= Date.now();
  }

  /** Lets an expired link live again. */
  async renew(): Promise<Failure | null> {
    const failure = await this.attempt(router.renewLink);
    if (!failure) this.connection.start();
    return failure;
  }

  get you(): Participant | null {
    return (this.state && person(this.state, this.state.you)) ?? null;
  }

  /** Who gets the lines that the visitor claims. */
  get claimant(): Participant | null {
    const other = this.state?.owner ? person(this.state, this.claimingFor) : undefined;
    return other ?? this.you;
  }

  /** Whether the visitor is a guest with a token in this browser. */
  get isGuest(): boolean {
    return this.you?.role === 'guest';
  }

  get table(): router.Table {
    return { hash: this.hash, visitor: { userId: this.userId, participantToken: this.#token } };
  }

  start(): void {
    void this.refresh();
    this.#patrol = window.setInterval(() => this.#requestOverdue(), PUSH_TIMEOUT_MS);
  }

  stop(): void {
    clearInterval(this.#patrol);
    this.history.stop();
    this.connection.stop();
  }

  /**
   * Reads the state. Opens the live connection after the first success, and closes it if the link has
   * expired.
   */
  async refresh(): Promise<void> {
    try {
      this.#learn(await router.openCheque(this.table));
      this.failure = null;
      // An expired link has no live connection; the cheque stays for those who share it.
      if (this.phase !== 'ready' && !this.expired) this.connection.start();
      this.phase = 'ready';
    } catch (cause) {
      this.failure = asFailure(cause);
      const status = this.failure.problem?.status;
      if (status !== 404 && status !== 410 && this.phase === 'ready') return;
      this.phase = 'failed';
      this.connection.stop();
    }
  }

  /** Executes an action that changes the cheque. Returns the failure, or `null`. */
  async attempt(deed: (table: router.Table) => Promise<State | void>): Promise<Failure | null> {
    try {
      const state = await deed(this.table);
      if (state) this.#learn(state);
      return null;
    } catch (cause) {
      const failure = asFailure(cause);
      // A rejected action was based on an old state.
      if (failure.problem && failure.problem.status < 500) void this.refresh();
      return failure;
    }
  }

  joinAsGuest(name: string): Promise<Failure | null> {
    const visitor = { userId: null, participantToken: null };
    return this.attempt(async ({ hash }) => {
      const joined = await router.joinCheque({ hash, visitor }, name);
      if (joined.participant_token) this.#keepToken(joined.participant_token);
      return joined;
    });
  }

  /** Joins as a participant whom the owner has added: as the signed-in user, else as a guest. */
  takePlace(participant: number): Promise<Failure | null> {
    const visitor = { userId: this.userId, participantToken: null };
    return this.attempt(async ({ hash }) => {
      const joined = await router.takePlace({ hash, visitor }, participant);
      if (joined.participant_token) this.#keepToken(joined.participant_token);
      return joined;
    });
  }

  /**
   * Joins as a user; a guest keeps their claims. The page continues as this user, because one session belongs
   * to one user.
   */
  async joinAs(userId: number, name: string): Promise<Failure | null> {
    const visitor = { userId, participantToken: this.#token };
    try {
      const joined = await router.joinCheque({ hash: this.hash, visitor }, name);
      // The guest's token is no longer needed.
      this.#keepToken(null);
      if (userId === this.userId) this.#learn(joined);
      return null;
    } catch (cause) {
      return asFailure(cause);
    }
  }

  rename(name: string): Promise<Failure | null> {
    return this.attempt((table) => router.joinCheque(this.isGuest ? asGuest(table) : table, name));
  }

  /**
   * Claims `part` of the line; it replaces the previous claim. Shown as claimed only after the server's
   * response.
   */
  async claim(line: number, part: Part): Promise<void> {
    if (this.claiming.has(line)) return;
    this.claiming.set(line, part);
    this.refused.delete(line);
    const other = this.claimant === this.you ? null : this.claimant;
    const failure = await this.attempt((table) => {
      if (other) {
        return isNothing(part)
          ? router.releaseLine(table, other.id, line)
          : router.assignLine(table, other.id, line, part);
      }
      return isNothing(part) ? router.giveLineBack(table, line) : router.claimLine(table, line, part);
    });
    this.claiming.delete(line);
    if (!failure) return;
    this.refused.set(line, { failure, wanted: part });
    const name = this.cheque?.products.find(({ id }) => id === line)?.name ?? '';
    this.activity.tell('bad', ({ words }) => words.cheque.log.refused(name, failureWords(words, failure)));
  }

  /**
   * Pays `amount`, which the visitor has seen as their due. A repeat after a lost response does not pay twice, and
   * nothing is paid if another amount is due by now. `to` names who gets it, if several have paid the restaurant.
   */
  async settle(amount: Thousandths, to?: number): Promise<Failure | null> {
    const you = this.you;
    if (!you) return null;
    const body = router.settleBody(you.id, amount, to);
    const key = this.settleDraft.keyFor(body);
    const failure = await this.attempt((table) => router.settle(table, body, key));
    // A rejection is final: the next attempt is a new request.
    if (!failure?.mayPass) this.settleDraft.done();
    return failure;
  }

  async readDues(): Promise<void> {
    try {
      const dues = await router.readDues(this.table);
      if (dues.version >= (this.dues?.version ?? 0)) this.dues = dues;
    } catch {
      // The sum is part of the state; its parts come with the next response.
    }
  }

  #keepToken(token: string | null): void {
    this.#token = token;
    rememberToken(this.hash, token);
  }

  #hear({ version, cheque, split }: LiveMessage): void {
    if (!this.state || version <= this.state.split.version) return;
    this.#move({ ...this.state, cheque, split: { ...split, version } });
    // A guest who became a user elsewhere, or was merged, now has another identity.
    if (this.state.you !== null && !this.you) void this.refresh();
  }

  #learn(read: State): void {
    const known = this.state;
    if (!known || read.split.version > known.split.version) this.#move(read);
    // A response that is older than a push still contains the visitor's identity.
    else this.state = { ...known, you: read.you, owner: read.owner };
  }

  #move(state: State): void {
    const before = this.state;
    this.state = state;
    this.history.follow(state.split.version);
    const settled = this.you?.settlement.state;
    const was = before && person(before, state.you)?.settlement.state;
    if (settled === was) return;
    // The server has processed the last attempt: the next one is a new request.
    this.settleDraft.done();
    if (settled !== 'pending') void this.account?.refresh();
  }

  #requestOverdue(): void {
    if (document.visibilityState !== 'visible') return;
    const retryable = this.phase === 'failed' && this.failure?.mayPass;
    if (retryable || this.you?.settlement.state === 'pending') void this.refresh();
  }
}

function asGuest({ hash, visitor }: router.Table): router.Table {
  return { hash, visitor: { ...visitor, userId: null } };
}
