/** The page as a whole, put together in one place and handed down through Svelte's context. */
import { getContext, setContext } from 'svelte';
import { Activity } from '../activity/activity.svelte';
import { readGatewayInfo } from '../api/gateway';
import type { GatewayInfo } from '../api/model';
import { Speech } from '../i18n/speech.svelte';
import { Clock } from './clock.svelte';
import { Preferences } from './preferences.svelte';
import { Route } from './route.svelte';
import { Session } from './session.svelte';

const INFO_RETRY_MS = 5_000;
const CURRENCY_DEFAULT = 'RUB';

export class Chipin {
  readonly preferences = new Preferences();
  readonly activity = new Activity();
  readonly route = new Route();
  readonly clock = new Clock();
  info = $state.raw<GatewayInfo | null>(null);
  readonly speech = new Speech(this.preferences, () => this.info?.currency ?? CURRENCY_DEFAULT);
  session = $state.raw(new Session(this.preferences.userId, this.activity));

  /** Starts everything that runs by itself; returns how to stop it. */
  start(): () => void {
    const stops = [this.clock.start(), this.route.start()];
    this.session.start();
    void this.#learnInfo();
    return () => {
      for (const stop of stops) stop();
      this.session.stop();
    };
  }

  /** Development mode only: acts as another user from now on. */
  actAs(userId: number): void {
    if (userId === this.session.userId) return;
    this.session.stop();
    this.preferences.userId = userId;
    this.route.closeOrder();
    this.session = new Session(userId, this.activity);
    this.session.start();
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
