/** The page as a whole, put together in one place and handed down through Svelte's context. */
import { getContext, setContext } from 'svelte';
import { Activity } from '../activity/activity.svelte';
import { readGatewayInfo } from '../api/gateway';
import type { GatewayInfo } from '../api/model';
import { SharedCheque } from '../cheque/shared-cheque.svelte';
import { Speech } from '../i18n/speech.svelte';
import type { Connection } from '../live/connection.svelte';
import { Clock } from './clock.svelte';
import { Preferences } from './preferences.svelte';
import { Route } from './route.svelte';
import { Session } from './session.svelte';

const INFO_RETRY_MS = 5_000;
const CURRENCY_DEFAULT = 'RUB';

/** What the person came for: their own affairs, or one shared cheque. */
export type Visit = { at: 'home'; session: Session } | { at: 'cheque'; cheque: SharedCheque };

export class Chipin {
  readonly preferences = new Preferences();
  readonly activity = new Activity();
  readonly route = new Route();
  readonly clock = new Clock();
  info = $state.raw<GatewayInfo | null>(null);
  readonly speech = new Speech(this.preferences, () => this.info?.currency ?? CURRENCY_DEFAULT);
  visit = $state.raw<Visit>(this.#visitAs(this.preferences.userId));

  /** Who the person is; on a shared cheque perhaps nobody yet. */
  get userId(): number | null {
    return this.visit.at === 'home' ? this.visit.session.userId : this.visit.cheque.userId;
  }

  /** What keeps the page live; nothing does where a link leads nowhere. */
  get connection(): Connection | null {
    if (this.visit.at === 'home') return this.visit.session.connection;
    return this.visit.cheque.phase === 'failed' ? null : this.visit.cheque.connection;
  }

  /** Starts everything that runs by itself; returns how to stop it. */
  start(): () => void {
    const stops = [this.clock.start(), this.route.start()];
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
    this.#end();
    this.preferences.userId = userId;
    if (this.visit.at === 'home' && !this.route.operating) this.route.closeOrder();
    this.visit = this.#visitAs(userId);
    this.#begin();
  }

  #visitAs(userId: number | null): Visit {
    const { chequeHash } = this.route;
    if (chequeHash !== null) return { at: 'cheque', cheque: new SharedCheque(chequeHash, userId, this.activity) };
    // At home somebody must be acted as; from now on it is them on the cheques too.
    this.preferences.userId = userId ?? 1;
    return { at: 'home', session: new Session(userId ?? 1, this.activity) };
  }

  #begin(): void {
    if (this.visit.at === 'home') this.visit.session.start();
    else this.visit.cheque.start();
  }

  #end(): void {
    if (this.visit.at === 'home') this.visit.session.stop();
    else this.visit.cheque.stop();
  }

  async #learnInfo(): Promise<void> {
    try {
      this.info = await readGatewayInfo();
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
