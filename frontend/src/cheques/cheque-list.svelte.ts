/** The cheques that a user owns or joined. */
import type { Failure } from '../api/failure';
import type { ListedCheque } from '../api/model';
import { listCheques } from '../api/router';
import { asFailure } from '../state/pager.svelte';

export class ChequeList {
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  items = $state.raw<ListedCheque[]>([]);
  failure = $state.raw<Failure | null>(null);
  readonly #userId: number;

  constructor(userId: number) {
    this.#userId = userId;
  }

  async refresh(): Promise<void> {
    try {
      this.items = await listCheques(this.#userId);
      this.phase = 'ready';
      this.failure = null;
    } catch (cause) {
      this.failure = asFailure(cause);
      // Old rows are better than none.
      if (this.phase !== 'ready') this.phase = 'failed';
    }
  }
}
