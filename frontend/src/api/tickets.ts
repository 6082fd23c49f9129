/** Browsers cannot set headers of a WebSocket, so a signed-in user opens it with a single-use ticket. */
import { signedInBy } from './bearer';
import { call } from './http';

/** The query of a socket's URL: a ticket, or in development mode the user id. */
export async function socketQuery(userId: number | null): Promise<string> {
  if (userId === null) return '';
  if (!signedInBy()) return `?user_id=${userId}`;
  const { data } = await call<{ ticket: string }>('/tickets', { method: 'POST', userId });
  return `?ticket=${data.ticket}`;
}
