/** The messaging of all services, kept fresh while somebody looks. */
import { type Deed, SERVICES } from '../api/operations';
import { DeadLetters } from './dead-letters.svelte';
import { ServiceState } from './service-state.svelte';

const REFRESH_MS = 3_000;

export class Operations {
  readonly userId: number;
  readonly services: ServiceState[];
  readonly letters: DeadLetters;
  /** When a service has last answered. */
  asOf = $state.raw<Date | null>(null);
  /** What was done to several letters at once, until something else is done. */
  done = $state.raw<{ deed: Deed; settled: number } | null>(null);

  readonly open: number = $derived.by(() => this.services.reduce((sum, { open }) => sum + open, 0));
  /** The types of the letters that wait, and of those that are shown. */
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

  /** Starts looking; returns how to stop. */
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
