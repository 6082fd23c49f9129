/** The state of the whole page, created in one place and passed down through Svelte's context. */
import { getContext, setContext } from 'svelte';
import { Activity } from '../activity/activity.svelte';
import { signInBy } from '../api/bearer';
import { readGatewayInfo } from '../api/gateway';
import type { GatewayInfo } from '../api/model';
import { forgetPhoto } from '../cheque/photo-source';
import { SharedCheque } from '../cheque/shared-cheque.svelte';
import { Speech } from '../i18n/speech.svelte';
import type { Connection } from '../live/connection.svelte';
import { Auth } from '../sign-in/auth.svelte';
import { Clock } from './clock.svelte';
import { forgetDrafts } from './draft.svelte';
import { Preferences } from './preferences.svelte';
import { Route } from './route.svelte';
import { Session } from './session.svelte';

const INFO_RETRY_MS = 5_000;
const CURRENCY_DEFAULT = 'RUB';

/** What the page shows: the user's home page, a shared cheque, or the sign-in page. */
export type Visit = { at: 'home'; session: Session } | { at: 'cheque'; cheque: SharedCheque } | { at: 'door' };

export class Chipin {
  readonly preferences = new Preferences();
  readonly activity = new Activity();
  readonly route = new Route();
  readonly clock = new Clock();
  info = $state.raw<GatewayInfo | null>(null);
  readonly speech = new Speech(this.preferences, () => this.info?.currency ?? CURRENCY_DEFAULT);
  readonly auth = new Auth((user) => this.#continueAs(user?.id ?? null));
  /** Whether it is still unknown who is signed in. */
  knocking = $state(true);
  visit = $state.raw<Visit>(this.#firstVisit());
  #unfollow: (() => void) | null = null;

  /** The user; on a shared cheque there may be none yet. */
  get userId(): number | null {
    if (this.visit.at === 'door') return null;
    return this.visit.at === 'home' ? this.visit.session.userId : this.visit.cheque.userId;
  }

  /** The live connection; `null` for an invalid link. */
  get connection(): Connection | null {
    if (this.visit.at === 'door') return null;
    if (this.visit.at === 'home') return this.visit.session.connection;
    return this.visit.cheque.phase === 'failed' ? null : this.visit.cheque.connection;
  }

  /** Starts all background tasks; returns a function that stops them. */
  start(): () => void {
    const stops = [this.clock.start(), this.route.start(), () => this.#unfollow?.()];
    this.#begin();
    void this.#learnInfo();
    return () => {
      for (const stop of stops) stop();
      this.#end();
    };
  }

  /** Only in development mode: continues as another user. */
  actAs(userId: number): void {
    if (userId === this.userId) return;
    this.preferences.userId = userId;
    this.#turnTo(userId);
  }

  /** Continues as the user who has just signed in. */
  comeIn(userId: number): void {
    this.knocking = false;
    this.#continueAs(userId);
  }

  /** Whether the user may use the operators' pages. */
  get operates(): boolean {
    return this.info?.auth_mode === 'header' || this.auth.user?.role === 'admin';
  }

  // If the user stays the same, the page is not reset, because they may be typing.
  #continueAs(userId: number | null): void {
    if (userId !== this.userId) this.#turnTo(userId);
  }

  #turnTo(userId: number | null): void {
    this.#end();
    // The activity of one user is not shown to another one; a guest who signs in is the same person.
    if (this.userId !== null && this.userId !== userId) {
      this.activity.clear();
      if (this.preferences.signsIn) forgetDrafts();
    }
    if (this.visit.at === 'home' && !this.route.operating && !this.route.administering) this.route.closeOrder();
    this.visit = this.#visitAs(userId);
    if (this.visit.at !== 'cheque') forgetPhoto();
    this.#begin();
  }

  // Until the gateway has reported its authentication mode, the last known mode is assumed; on the first
  // visit the page waits.
  #firstVisit(): Visit {
    if (this.preferences.signsIn) signInBy(this.auth);
    if (this.preferences.signsIn === null && this.route.chequeHash === null) return { at: 'door' };
    return this.#visitAs(this.preferences.signsIn ? this.auth.expected : this.preferences.userId);
  }

  async #learnMode(signsIn: boolean): Promise<void> {
    const changes = signsIn !== this.preferences.signsIn;
    this.preferences.signsIn = signsIn;
    signInBy(signsIn ? this.auth : null);
    const userId = signsIn ? this.auth.expected : this.preferences.userId;
    if (changes && this.visit.at === 'cheque') this.#continueAs(userId);
    else if (changes) this.#turnTo(userId);
    if (!signsIn) return;
    this.#unfollow ??= this.auth.start();
    try {
      await this.auth.restore();
      this.knocking = false;
      this.#continueAs(this.auth.user?.id ?? null);
    } catch {
      // A network failure must not sign anyone out.
      setTimeout(() => void this.#learnMode(true), INFO_RETRY_MS);
    }
  }

  #visitAs(userId: number | null): Visit {
    const { chequeHash } = this.route;
    if (chequeHash !== null) return { at: 'cheque', cheque: new SharedCheque(chequeHash, userId) };
    if (this.preferences.signsIn && userId === null) return { at: 'door' };
    if (this.preferences.signsIn && userId !== null) return { at: 'home', session: new Session(userId, this.activity) };
    // The home page needs a user; the same user is then used for cheques too.
    this.preferences.userId = userId ?? 1;
    return { at: 'home', session: new Session(userId ?? 1, this.activity) };
  }

  #begin(): void {
    if (this.visit.at === 'home') this.visit.session.start();
    else if (this.visit.at === 'cheque') this.visit.cheque.start();
  }

  #end(): void {
    if (this.visit.at === 'home') this.visit.session.stop();
    else if (this.visit.at === 'cheque') this.visit.cheque.stop();
  }

  async #learnInfo(): Promise<void> {
    try {
      this.info = await readGatewayInfo();
      await this.#learnMode(this.info.auth_mode === 'jwt');
    } catch {
      // The page works without it, with the default currency until then.
      setTimeout(() => void this.#learnInfo(), INFO_RETRY_MS);
    }
  }
}

const CONTEXT = Symbol('chipin');

export function provideChipin(chipin: Chipin): void {
  setContext(CONTEXT, chipin);
}

export function useChipin(): Chipin {
  return getContext<Chipin>(CONTEXT);
}
