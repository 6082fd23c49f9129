/** The latest known state of one service's messaging. */
import type { Failure } from '../api/failure';
import type { Messaging } from '../api/model';
import { readMessaging, type Service } from '../api/operations';
import { asFailure } from '../state/pager.svelte';

// No such path, no service behind the gateway, or a service without operators' endpoints.
const ABSENT = new Set([404, 502, 503, 504]);

export class ServiceState {
  readonly service: Service;
  messaging = $state.raw<Messaging | null>(null);
  failure = $state.raw<Failure | null>(null);
  readonly #userId: number;
  #asking = false;

  constructor(userId: number, service: Service) {
    this.#userId = userId;
    this.service = service;
  }

  /** Number of open dead letters. */
  get open(): number {
    return this.messaging?.dead_letters.reduce((sum, { open }) => sum + open, 0) ?? 0;
  }

  // One request at a time, so that a slow service is not flooded.
  async refresh(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.messaging = await readMessaging(this.#userId, this.service);
      this.failure = null;
    } catch (cause) {
      this.failure = asFailure(cause);
      // Figures of an unreachable service would look current.
      this.messaging = null;
    } finally {
      this.#asking = false;
    }
  }
}

/** Whether the service cannot be reached, as opposed to an error response. */
export function isUnreachable(failure: Failure): boolean {
  if (failure.problem) return ABSENT.has(failure.problem.status);
  // An HTML page instead of a response: no service is configured for the path.
  return failure.kind === 'network' || failure.kind === 'timeout' || failure.kind === 'unreadable';
}
