/** All orders known to this page, each in its newest version, with the source of each change. */
import { SvelteMap } from 'svelte/reactivity';
import type { Order, OrderMessage, OrderStatus } from '../api/model';
import { applyMessage, newest } from '../live/merge';

const UNPLACED_MAX = 500;

export type Source = 'placed' | 'live' | 'read';

export interface Sighting {
  at: Date;
  status: OrderStatus;
  version: number;
  source: Source;
}

/** `before` is `null` if the order was unknown. */
export type OnOrderChange = (order: Order, before: Order | null, source: Source) => void;

export class OrderBook {
  readonly #orders = new SvelteMap<string, Order>();
  readonly #sightings = new SvelteMap<string, Sighting[]>();
  // Messages about orders that were not read yet. A push may arrive before the response to the POST or the
  // list; it is stored here and wins when the older version arrives.
  readonly #unplaced = new Map<string, OrderMessage>();
  readonly #onMoved: OnOrderChange;

  constructor(onMoved: OnOrderChange) {
    this.#onMoved = onMoved;
  }

  get(id: string): Order | undefined {
    return this.#orders.get(id);
  }

  sightings(id: string): Sighting[] {
    return this.#sightings.get(id) ?? [];
  }

  /** Adds an order from a response of the server. */
  learn(read: Order, source: Source): Order {
    const known = this.#orders.get(read.id);
    if (!known || newest(known, read) === read) this.#move(read, known ?? null, source);
    const pushed = this.#unplaced.get(read.id);
    if (pushed) {
      this.#unplaced.delete(read.id);
      this.hear(pushed);
    }
    return this.#orders.get(read.id) ?? read;
  }

  /** Applies a push. Returns false if the order is unknown. */
  hear(message: OrderMessage): boolean {
    const known = this.#orders.get(message.order_id);
    if (!known) {
      this.#remember(message);
      return false;
    }
    const moved = applyMessage(known, message);
    if (moved) this.#move(moved, known, 'live');
    return true;
  }

  #remember(message: OrderMessage): void {
    const held = this.#unplaced.get(message.order_id);
    if (held && held.version >= message.version) return;
    this.#unplaced.set(message.order_id, message);
    const oldest = this.#unplaced.keys().next().value;
    if (this.#unplaced.size > UNPLACED_MAX && oldest) this.#unplaced.delete(oldest);
  }

  #move(order: Order, before: Order | null, source: Source): void {
    this.#orders.set(order.id, order);
    const seen = { at: new Date(), status: order.status, version: order.version, source };
    this.#sightings.set(order.id, [...this.sightings(order.id), seen]);
    this.#onMoved(order, before, source);
  }
}
