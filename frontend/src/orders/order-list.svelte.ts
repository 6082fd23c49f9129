/** The visible orders: the selected filter, its pages, and orders that are being sent. */
import { listOrders } from '../api/orders';
import type { Order, OrderStatus } from '../api/model';
import type { Thousandths } from '../money/amount';
import { Pager } from '../state/pager.svelte';
import type { OrderBook } from './order-book.svelte';

// Delay before an order that no longer matches the filter disappears, so that its new status can be seen.
const REMOVAL_DELAY_MS = 4_000;

/** An order without a response from the server yet. */
export interface SendingOrder {
  key: string;
  amount: Thousandths;
  description: string;
  at: Date;
}

export interface OrderListRow {
  /** Stays the same when the real order replaces the optimistic row, so that the row is not recreated. */
  key: string;
  order: Order | null;
  sending: SendingOrder | null;
}

export class OrderList {
  filter = $state<OrderStatus | null>(null);
  readonly pager: Pager<string>;
  readonly #book: OrderBook;
  #sending = $state.raw<SendingOrder[]>([]);
  readonly #keys = new Map<string, string>();

  readonly rows: OrderListRow[] = $derived.by(() => [
    ...this.#sending.map((sending) => ({ key: sending.key, order: null, sending })),
    ...this.#listed.map((order) => ({
      key: this.#keys.get(order.id) ?? order.id,
      order,
      sending: null,
    })),
  ]);
  readonly #listed: Order[] = $derived.by(() =>
    this.pager.items.flatMap((id) => this.#book.get(id) ?? []).sort(newestFirst),
  );

  constructor(userId: number, book: OrderBook) {
    this.#book = book;
    this.pager = new Pager<string>(
      async (cursor) => {
        const page = await listOrders(userId, { status: this.filter, cursor });
        return { ...page, data: page.data.map((order) => book.learn(order, 'read').id) };
      },
      (left, right) => left === right,
    );
  }

  async show(filter: OrderStatus | null): Promise<void> {
    this.filter = filter;
    await this.pager.reset();
  }

  /** Shows an order before the server has responded. */
  announce(sending: SendingOrder): void {
    this.#sending = [sending, ...this.#sending];
  }

  /** Replaces the optimistic row by the real order. */
  settle(key: string, order: Order): void {
    this.#keys.set(order.id, key);
    this.#withdraw(key);
    this.place(order);
  }

  /** Removes the row: the order was rejected or its result is unknown. The form keeps the input. */
  withdraw(key: string): void {
    this.#withdraw(key);
  }

  /** Moves a known order to the right position after it was created or has changed. */
  place(order: Order): void {
    if (this.#matches(order)) {
      if (!this.#isOnLaterPage(order)) this.pager.include(order.id);
    } else setTimeout(() => this.#leave(order.id), REMOVAL_DELAY_MS);
  }

  #leave(id: string): void {
    const order = this.#book.get(id);
    if (order && !this.#matches(order)) this.pager.exclude(id);
  }

  #withdraw(key: string): void {
    this.#sending = this.#sending.filter((sending) => sending.key !== key);
  }

  #isOnLaterPage(order: Order): boolean {
    const oldest = this.#listed.at(-1);
    return this.pager.hasMore && oldest !== undefined && newestFirst(oldest, order) < 0;
  }

  #matches(order: Order): boolean {
    return this.filter === null || this.filter === order.status;
  }
}

function newestFirst(left: Order, right: Order): number {
  return right.created_at.localeCompare(left.created_at) || right.id.localeCompare(left.id);
}
