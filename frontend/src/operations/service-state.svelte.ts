/** The messaging of one service as it was a moment ago. */
import type { Failure } from '../api/failure';
import type { Messaging } from '../api/model';
import { readMessaging, type Service } from '../api/operations';
import { asFailure } from '../state/pager.svelte';

// Nobody there, nobody behind the gateway, or a service that has no operations.
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

  /** Dead letters that wait for somebody. */
  get open(): number {
    return this.messaging?.dead_letters.reduce((sum, { open }) => sum + open, 0) ?? 0;
  }

  // One question at a time: a service that answers slowly is not asked faster.
  async refresh(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.messaging = await readMessaging(this.#userId, this.service);
      this.failure = null;
    } catch (cause) {
      this.failure = asFailure(cause);
      // Figures of a service that is gone would be taken for the present.
      this.messaging = null;
    } finally {
      this.#asking = false;
    }
  }
}

/** Whether the service can't be reached; else it answered, but not what was asked. */
export function isUnreachable(failure: Failure): boolean {
  if (failure.problem) return ABSENT.has(failure.problem.status);
  // A page instead of an answer: nothing knows the address.
  return failure.kind === 'network' || failure.kind === 'timeout' || failure.kind === 'unreadable';
}
