/**
 * Merges live updates: the database holds the truth, a push only announces a change, the higher version wins.
 */
import type { Order, OrderMessage } from '../api/model';

/** The order after `message`, or `null` if the page already has this version or a newer one. */
export function applyMessage(known: Order, message: OrderMessage): Order | null {
  if (message.version <= known.version) return null;
  return {
    ...known,
    status: message.status,
    reason: message.reason ?? null,
    version: message.version,
    updated_at: message.at,
  };
}

/** The newer of two versions of an order; `known` if they are equal. */
export function newest(known: Order | undefined, read: Order): Order {
  return known && known.version >= read.version ? known : read;
}
