/** The groups in which a user is. */
import type { Failure } from '../api/failure';
import { type ListedGroup, listGroups } from '../api/groups';
import { asFailure } from '../state/pager.svelte';

export class GroupList {
  phase = $state<'loading' | 'ready' | 'failed'>('loading');
  items = $state.raw<ListedGroup[]>([]);
  failure = $state.raw<Failure | null>(null);
  readonly #userId: number;

  constructor(userId: number) {
    this.#userId = userId;
  }

  async refresh(): Promise<void> {
    try {
      this.items = await listGroups(this.#userId);
      this.phase = 'ready';
      this.failure = null;
    } catch (cause) {
      this.failure = asFailure(cause);
      // Old rows are better than none.
      if (this.phase !== 'ready') this.phase = 'failed';
    }
  }
}
