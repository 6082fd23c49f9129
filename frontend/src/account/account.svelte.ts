/** The user's balance, and its latest change. */
import type { Failure } from '../api/failure';
import { openAccount, readBalance } from '../api/payments';
import type { Thousandths } from '../money/amount';
import { asFailure } from '../state/pager.svelte';

type Phase = 'loading' | 'none' | 'ready' | 'failed';

export class AccountState {
  phase = $state<Phase>('loading');
  balance = $state.raw<Thousandths>(0n);
  failure = $state.raw<Failure | null>(null);
  /** The latest change while the page is open; `id` distinguishes equal changes. */
  change = $state.raw<{ id: number; by: Thousandths } | null>(null);

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

  /** Shows a balance from another response, such as that of a top-up. */
  show(balance: Thousandths): void {
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

  /** Removes the change after it was shown long enough. */
  forgetChange(): void {
    this.change = null;
  }

  // Responses may arrive out of order; one that was requested before the last shown one is stale.
  async #take(read: () => Promise<Thousandths | null>): Promise<void> {
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
      // A recently valid balance is better than an error in its place.
      if (this.phase !== 'ready') this.phase = 'failed';
    }
  }
}
