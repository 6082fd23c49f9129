/** Browsers can't set the headers of a socket: whoever signed in opens it with a ticket, good for once. */
import { signedInBy } from './bearer';
import { call } from './http';

/** What is added to a socket's address: a ticket, in development mode the user. */
export async function socketQuery(userId: number | null): Promise<string> {
  if (userId === null) return '';
  if (!signedInBy()) return `?user_id=${userId}`;
  const { data } = await call<{ ticket: string }>('/tickets', { method: 'POST', userId });
  return `?ticket=${data.ticket}`;
}
