/** The orders on the screen: the chosen filter, its pages, and those being sent right now. */
import { listOrders } from '../api/orders';
import type { Order, OrderStatus } from '../api/model';
import type { Minor } from '../money/amount';
import { Pager } from '../state/pager.svelte';
import type { OrderBook } from './order-book.svelte';

// Long enough to see what became of an order before it leaves a filter that it no longer matches.
const FAREWELL_MS = 4_000;

/** An order that the server has not answered for yet. */
export interface SendingOrder {
  key: string;
  amount: Minor;
  description: string;
  at: Date;
}

export interface OrderListRow {
  /** Stays the same when the optimistic row becomes a real one, so that the row is not redrawn. */
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

  /** Shows an order before the server has answered for it. */
  announce(sending: SendingOrder): void {
    this.#sending = [sending, ...this.#sending];
  }

  /** Replaces the announced row by the real order. */
  settle(key: string, order: Order): void {
    this.#keys.set(order.id, key);
    this.#withdraw(key);
    this.place(order);
  }

  /** The order was refused or its fate is unknown: the form keeps what was typed. */
  withdraw(key: string): void {
    this.#withdraw(key);
  }

  /** Puts a known order where it belongs after it was created or has moved. */
  place(order: Order): void {
    if (this.#matches(order)) {
      if (!this.#isOnLaterPage(order)) this.pager.include(order.id);
    } else setTimeout(() => this.#leave(order.id), FAREWELL_MS);
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
