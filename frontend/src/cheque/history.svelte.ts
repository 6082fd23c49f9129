/** The stored history of a shared cheque, which follows its state. */
import type { Answer } from '../api/http';
import type { ChequeActivity } from '../api/model';
import { Pager } from '../state/pager.svelte';

// Several changes within this time are read at once.
const GATHER_MS = 200;

export class ChequeHistory {
  readonly pager: Pager<ChequeActivity>;
  #timer: number | undefined;

  constructor(read: (cursor: string | null) => Promise<Answer<ChequeActivity[]>>) {
    this.pager = new Pager(read, (one, other) => one.version === other.version);
  }

  /** Reads what is new, if the state has this version now. */
  follow(version: number): void {
    const known = this.pager.items[0]?.version ?? 0;
    if (known >= version || this.#timer !== undefined) return;
    this.#timer = window.setTimeout(
      () => {
        this.#timer = undefined;
        void this.pager.refresh();
      },
      this.pager.phase === 'loading' ? 0 : GATHER_MS,
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
