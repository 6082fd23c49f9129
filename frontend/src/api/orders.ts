/** API client of orders-service, through the gateway. */
import type { Thousandths } from '../money/amount';
import { type Answer, call } from './http';
import { writeJson } from './json';
import type { Order, OrderStatus } from './model';
import { socketQuery } from './tickets';

const PAGE_ROWS = 20;

export interface OrdersPage {
  status: OrderStatus | null;
  cursor?: string | null;
}

export function listOrders(userId: number, page: OrdersPage): Promise<Answer<Order[]>> {
  const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
  if (page.status) query.set('status', page.status);
  if (page.cursor) query.set('cursor', page.cursor);
  return call<Order[]>(`/orders/orders?${query}`, { userId });
}

export async function readOrder(userId: number, id: string): Promise<Order> {
  return (await call<Order>(`/orders/orders/${encodeURIComponent(id)}`, { userId })).data;
}

export interface OrderDraft {
  amount: Thousandths;
  description: string;
}

/** The request body. It also identifies the draft: the same body may reuse its Idempotency-Key. */
export function orderBody({ amount, description }: OrderDraft): string {
  return writeJson(description === '' ? { amount } : { amount, description });
}

export async function placeOrder(userId: number, body: string, key: string): Promise<Order> {
  const request = { method: 'POST', userId, body, idempotencyKey: key } as const;
  return (await call<Order>('/orders/orders', request)).data;
}

export async function ordersSocketUrl(userId: number): Promise<string> {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${location.host}/ws/orders${await socketQuery(userId)}`;
}
