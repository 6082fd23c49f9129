/** The page as a whole, put together in one place and handed down through Svelte's context. */
import { getContext, setContext } from 'svelte';
import { Activity } from '../activity/activity.svelte';
import { signInBy } from '../api/bearer';
import { readGatewayInfo } from '../api/gateway';
import type { GatewayInfo } from '../api/model';
import { SharedCheque } from '../cheque/shared-cheque.svelte';
import { Speech } from '../i18n/speech.svelte';
import type { Connection } from '../live/connection.svelte';
import { Auth } from '../sign-in/auth.svelte';
import { Clock } from './clock.svelte';
import { Preferences } from './preferences.svelte';
import { Route } from './route.svelte';
import { Session } from './session.svelte';

const INFO_RETRY_MS = 5_000;
const CURRENCY_DEFAULT = 'RUB';

/** What the person came for: their own affairs, or one shared cheque; who is not signed in stands at the door. */
export type Visit = { at: 'home'; session: Session } | { at: 'cheque'; cheque: SharedCheque } | { at: 'door' };

export class Chipin {
  readonly preferences = new Preferences();
  readonly activity = new Activity();
  readonly route = new Route();
  readonly clock = new Clock();
  info = $state.raw<GatewayInfo | null>(null);
  readonly speech = new Speech(this.preferences, () => this.info?.currency ?? CURRENCY_DEFAULT);
  readonly auth = new Auth((user) => this.#goOnAs(user?.id ?? null));
  /** Whether it is not known yet who is signed in. */
  knocking = $state(true);
  visit = $state.raw<Visit>(this.#firstVisit());
  #unfollow: (() => void) | null = null;

  /** Who the person is; on a shared cheque perhaps nobody yet. */
  get userId(): number | null {
    if (this.visit.at === 'door') return null;
    return this.visit.at === 'home' ? this.visit.session.userId : this.visit.cheque.userId;
  }

  /** What keeps the page live; nothing does where a link leads nowhere. */
  get connection(): Connection | null {
    if (this.visit.at === 'door') return null;
    if (this.visit.at === 'home') return this.visit.session.connection;
    return this.visit.cheque.phase === 'failed' ? null : this.visit.cheque.connection;
  }

  /** Starts everything that runs by itself; returns how to stop it. */
  start(): () => void {
    const stops = [this.clock.start(), this.route.start(), () => this.#unfollow?.()];
    this.#begin();
    void this.#learnInfo();
    return () => {
      for (const stop of stops) stop();
      this.#end();
    };
  }

  /** Development mode only: acts as another user from now on. */
  actAs(userId: number): void {
    if (userId === this.userId) return;
    this.preferences.userId = userId;
    this.#turnTo(userId);
  }

  /** Goes on as whoever has just signed in. */
  comeIn(userId: number): void {
    this.knocking = false;
    this.#goOnAs(userId);
  }

  /** Whether the pages for operators are this person's. */
  get operates(): boolean {
    return this.info?.auth_mode === 'header' || this.auth.user?.role === 'admin';
  }

  // Who looks at the page as the same goes on looking: they may be writing something.
  #goOnAs(userId: number | null): void {
    if (userId !== this.userId) this.#turnTo(userId);
  }

  #turnTo(userId: number | null): void {
    this.#end();
    // What one person did is nothing for the next one's eyes; a guest who signs in is the same person.
    if (this.userId !== null && this.userId !== userId) this.activity.clear();
    if (this.visit.at === 'home' && !this.route.operating) this.route.closeOrder();
    this.visit = this.#visitAs(userId);
    this.#begin();
  }

  // Before the gateway has said how people prove who they are, it is what it was last time; at the first time one waits.
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
    if (changes && this.visit.at === 'cheque') this.#goOnAs(userId);
    else if (changes) this.#turnTo(userId);
    if (!signsIn) return;
    this.#unfollow ??= this.auth.start();
    try {
      await this.auth.restore();
      this.knocking = false;
      this.#goOnAs(this.auth.user?.id ?? null);
    } catch {
      // Nobody is signed out because the network is away.
      setTimeout(() => void this.#learnMode(true), INFO_RETRY_MS);
    }
  }

  #visitAs(userId: number | null): Visit {
    const { chequeHash } = this.route;
    if (chequeHash !== null) return { at: 'cheque', cheque: new SharedCheque(chequeHash, userId, this.activity) };
    if (this.preferences.signsIn && userId === null) return { at: 'door' };
    if (this.preferences.signsIn && userId !== null) return { at: 'home', session: new Session(userId, this.activity) };
    // At home somebody must be acted as; from now on it is them on the cheques too.
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
      // The page works without it; the currency shown is the default until then.
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
