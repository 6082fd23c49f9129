/** The user's balance, and its latest change. */
import type { Failure } from '../api/failure';
import { openAccount, readBalance } from '../api/payments';
import type { Minor } from '../money/amount';
import { asFailure } from '../state/pager.svelte';

type Phase = 'loading' | 'none' | 'ready' | 'failed';

export class AccountState {
  phase = $state<Phase>('loading');
  balance = $state.raw<Minor>(0n);
  failure = $state.raw<Failure | null>(null);
  /** The last change that happened before the person's eyes; `id` tells two equal ones apart. */
  change = $state.raw<{ id: number; by: Minor } | null>(null);

  readonly #userId: number;
  readonly #onChange: () => void;
  #changes = 0;
  #asked = 0;
  #answered = 0;

  constructor(userId: number, onChange: () => void) {
    this.#userId = userId;
    this.#onChange = onChange;
  }

  async refresh(): Promise<void> {
    await this.#take(() => readBalance(this.#userId));
  }

  async open(): Promise<void> {
    await this.#take(() => openAccount(this.#userId));
  }

  /** Shows a balance told by another answer, such as a top-up's. */
  show(balance: Minor): void {
    const known = this.phase === 'ready' || this.phase === 'none';
    if (known && balance !== this.balance) {
      this.#changes += 1;
      this.change = { id: this.#changes, by: balance - this.balance };
    }
    const changed = this.phase !== 'ready' || balance !== this.balance;
    this.balance = balance;
    this.phase = 'ready';
    this.failure = null;
    if (changed) this.#onChange();
  }

  /** The change has been seen long enough. */
  forgetChange(): void {
    this.change = null;
  }

  // Answers may overtake each other; one that was asked for earlier than the last shown is stale.
  async #take(read: () => Promise<Minor | null>): Promise<void> {
    this.#asked += 1;
    const ticket = this.#asked;
    try {
      const balance = await read();
      if (ticket < this.#answered) return;
      this.#answered = ticket;
      if (balance === null) this.phase = 'none';
      else this.show(balance);
    } catch (cause) {
      if (ticket < this.#answered) return;
      this.failure = asFailure(cause);
      // A balance that was right a moment ago beats an error in its place.
      if (this.phase !== 'ready') this.phase = 'failed';
    }
  }
}
