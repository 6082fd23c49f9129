/** The state of one user: account, statement, orders, and the live connection that updates them. */
import { AccountState } from '../account/account.svelte';
import type { Activity } from '../activity/activity.svelte';
import { logPlaced, logStatus } from '../activity/log-order';
import { readJson } from '../api/json';
import { isOpen, type Order, type OrderMessage, type Transaction } from '../api/model';
import { ordersSocketUrl, readOrder } from '../api/orders';
import { listTransactions } from '../api/payments';
import { ChequeList } from '../cheques/cheque-list.svelte';
import { GroupList } from '../groups/group-list.svelte';
import { Connection } from '../live/connection.svelte';
import { OrderBook, type Source } from '../orders/order-book.svelte';
import { OrderList } from '../orders/order-list.svelte';
import { Draft } from './draft.svelte';
import { Pager } from './pager.svelte';

// A push about an unknown order may be faster than the response to this page's own POST; wait for it.
const UNKNOWN_ORDER_WAIT_MS = 500;
// A push may be lost, so an order that stays open for this long is requested.
const PUSH_TIMEOUT_MS = 10_000;
const OPEN_ASKED_MAX = 5;

export class Session {
  readonly userId: number;
  readonly activity: Activity;
  readonly account: AccountState;
  readonly orders: OrderList;
  readonly book: OrderBook;
  readonly connection: Connection;
  readonly statement: Pager<Transaction>;
  readonly cheques: ChequeList;
  readonly groups: GroupList;
  readonly orderDraft: Draft<{ amount: string; description: string }>;
  readonly topUpDraft: Draft<{ amount: string }>;

  #patrol = 0;
  // The orders that changed between losing the connection and completing the refresh.
  #changedDuringCatchUp: Set<string> | null = null;

  constructor(userId: number, activity: Activity) {
    this.userId = userId;
    this.activity = activity;
    this.statement = new Pager(
      (cursor) => listTransactions(userId, cursor),
      (left, right) => left.id === right.id,
    );
    this.cheques = new ChequeList(userId);
    this.groups = new GroupList(userId);
    this.account = new AccountState(userId, () => void this.#refreshStatement());
    this.book = new OrderBook((order, before, source) => this.#onMoved(order, before, source));
    this.orders = new OrderList(userId, this.book);
    this.orderDraft = new Draft(`order.${userId}`, { amount: '', description: '' });
    this.topUpDraft = new Draft(`topup.${userId}`, { amount: '' });
    this.connection = new Connection(() => ordersSocketUrl(userId), {
      onLive: () => void this.#onLive(),
      onLost: (why) => this.#onLost(why),
      onMessage: (text) => void this.#onMessage(readJson(text) as OrderMessage),
    });
  }

  start(): void {
    this.activity.tell('quiet', ({ words }) => words.log.hello(this.userId));
    this.connection.start();
    void this.account.refresh();
    void this.orders.pager.reset();
    this.#patrol = window.setInterval(() => void this.#requestOverdue(), PUSH_TIMEOUT_MS);
  }

  stop(): void {
    clearInterval(this.#patrol);
    this.connection.stop();
  }

  #onMoved(order: Order, before: Order | null, source: Source): void {
    if (before === null && source === 'read') return;
    if (before && before.status !== order.status) {
      this.#changedDuringCatchUp?.add(order.id);
      logStatus(this.activity, order);
      this.orders.place(order);
      if (!isOpen(order.status)) void this.account.refresh();
    }
  }

  async #onMessage(message: OrderMessage): Promise<void> {
    const known = this.book.hear(message);
    // Unknown orders in a snapshot are older ones further down the list, or in a page that is being read.
    if (known || message.type === 'snapshot') return;
    await new Promise((resolve) => setTimeout(resolve, UNKNOWN_ORDER_WAIT_MS));
    if (this.book.get(message.order_id)) return;
    const order = await readOrder(this.userId, message.order_id).catch(() => null);
    if (!order || this.book.get(order.id)) return;
    logPlaced(this.activity, order, false);
    this.orders.place(this.book.learn(order, 'live'));
    if (!isOpen(order.status)) void this.account.refresh();
  }

  async #onLive(): Promise<void> {
    if (this.#changedDuringCatchUp === null) {
      this.activity.tell('quiet', ({ words }) => words.log.live);
      return;
    }
    await Promise.all([this.orders.pager.refresh(), this.account.refresh()]);
    const count = this.#changedDuringCatchUp.size;
    this.#changedDuringCatchUp = null;
    this.activity.tell('good', ({ words }) =>
      count > 0 ? words.log.caughtUp(count) : words.log.liveAgain,
    );
  }

  #onLost(why: 'restarting' | 'offline' | 'lost'): void {
    this.#changedDuringCatchUp = new Set();
    this.activity.tell('bad', ({ words }) => words.log[why]);
  }

  // Requests again what a push or response should have brought but did not.
  async #requestOverdue(): Promise<void> {
    if (document.visibilityState !== 'visible') return;
    if (this.account.phase === 'failed') void this.account.refresh();
    if (this.orders.pager.phase === 'failed') void this.orders.pager.refresh();
    const now = Date.now();
    const overdue = this.orders.rows
      .flatMap(({ order }) => order ?? [])
      .filter(({ status, updated_at }) => isOpen(status) && now - Date.parse(updated_at) > PUSH_TIMEOUT_MS)
      .slice(0, OPEN_ASKED_MAX);
    for (const { id } of overdue) {
      const order = await readOrder(this.userId, id).catch(() => null);
      if (order) this.book.learn(order, 'read');
    }
  }

  // Only a statement that was opened before is refreshed; otherwise the tab reads it when it opens.
  async #refreshStatement(): Promise<void> {
    if (this.statement.phase === 'ready') await this.statement.refresh();
  }
}
