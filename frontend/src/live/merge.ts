/** The rule of live updates: the database is the truth, a push is a hint, a version decides. */
import type { Order, OrderMessage } from '../api/model';

/** The order after `message`, or `null` when the page already knows as much or more. */
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

/** Of two readings of one order, the newer; `known` when they are equal. */
export function newest(known: Order | undefined, read: Order): Order {
  return known && known.version >= read.version ? known : read;
}
