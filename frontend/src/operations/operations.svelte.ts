/** The messaging of all services, refreshed while the page is open. */
import { type DeadLetterAction, SERVICES } from '../api/operations';
import { DeadLetters } from './dead-letters.svelte';
import { ServiceState } from './service-state.svelte';

const REFRESH_MS = 3_000;

export class Operations {
  readonly userId: number;
  readonly services: ServiceState[];
  readonly letters: DeadLetters;
  /** Time of the last response of any service. */
  asOf = $state.raw<Date | null>(null);
  /** The last bulk action, until another action. */
  done = $state.raw<{ deed: DeadLetterAction; settled: number } | null>(null);

  readonly open: number = $derived.by(() => this.services.reduce((sum, { open }) => sum + open, 0));
  /** The event types of the open dead letters and of the shown ones. */
  readonly types: string[] = $derived.by(() => {
    const { service, type } = this.letters.query;
    const counted = this.services
      .filter((state) => service === null || service === state.service)
      .flatMap(({ messaging }) => messaging?.dead_letters ?? [])
      .filter(({ open }) => open > 0);
    const all = [...counted, ...this.letters.items].map(({ event_type }) => event_type);
    return [...new Set(type ? [...all, type] : all)].sort();
  });

  constructor(userId: number) {
    this.userId = userId;
    this.services = SERVICES.map((service) => new ServiceState(userId, service));
    this.letters = new DeadLetters(userId);
  }

  /** Starts refreshing; returns a function that stops it. */
  start(): () => void {
    void this.letters.show(this.letters.query);
    void this.#readServices();
    const look = () => {
      if (document.visibilityState === 'visible') void this.refresh();
    };
    const timer = setInterval(look, REFRESH_MS);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }

  async refresh(): Promise<void> {
    await Promise.all([this.#readServices(), this.letters.refresh()]);
  }

  async #readServices(): Promise<void> {
    const read = async (state: ServiceState) => {
      await state.refresh();
      if (state.messaging) this.asOf = new Date();
    };
    await Promise.all(this.services.map(read));
  }
}
