/** API client for administrators: users, and the audit trail. */
import { type Answer, call } from './http';
import { PREFIXES, type Service } from './operations';
import type { User } from './users';

export interface UserName {
  id: number;
  login: string | null;
}

export type Outcome = 'done' | 'failed' | 'refused';

/** What was done to an account, tried, or refused. */
export interface AuditEvent {
  id: number;
  at: string;
  kind: string;
  outcome: Outcome;
  count: number;
  actor: UserName | null;
  subject: UserName | null;
  address: string | null;
  request_id: string | null;
  detail: string | null;
}

/** What an operator did with a dead letter. */
export interface LetterAction {
  id: number;
  at: string;
  action: string;
  direction: 'incoming' | 'outgoing';
  event_id: string;
  event_type: string;
  operator: string | null;
  address: string | null;
  request_id: string | null;
}

export interface AuditFilter {
  /** The id of a user. */
  user: string | null;
  kind: string | null;
  /** A day in the user's time zone: 2026-11-29. */
  since: string | null;
  until: string | null;
}

export async function listUsers(userId: number, cursor: string | null): Promise<Answer<User[]>> {
  const { data, nextCursor } = await call<{ users: User[] }>(`/users/users?${page(cursor)}`, { userId });
  return { data: data.users, nextCursor };
}

export async function setBlocked(userId: number, id: number, blocked: boolean): Promise<User> {
  return (await call<User>(`/users/users/${id}/${blocked ? 'block' : 'unblock'}`, { method: 'POST', userId })).data;
}

export async function setRole(userId: number, id: number, role: User['role']): Promise<User> {
  const body = JSON.stringify({ role });
  return (await call<User>(`/users/users/${id}/role`, { method: 'PUT', userId, body })).data;
}

export async function signOutUser(userId: number, id: number): Promise<void> {
  await call(`/users/users/${id}/sign-out`, { method: 'POST', userId });
}

/** A token with which the user sets a new password. */
export async function issuePasswordReset(userId: number, id: number): Promise<string> {
  return (await call<{ token: string }>(`/users/users/${id}/password-reset`, { method: 'POST', userId })).data.token;
}

export async function listAuditEvents(
  userId: number,
  filter: AuditFilter,
  cursor: string | null,
): Promise<Answer<AuditEvent[]>> {
  const query = filtered(page(cursor), filter, 'user', 'kind');
  const { data, nextCursor } = await call<{ events: AuditEvent[] }>(`/users/audit-events?${query}`, { userId });
  return { data: data.events, nextCursor };
}

export function listLetterActions(
  userId: number,
  service: Service,
  filter: AuditFilter,
  cursor: string | null,
): Promise<Answer<LetterAction[]>> {
  const query = filtered(page(cursor), filter, 'operator', 'action');
  return call<LetterAction[]>(`${PREFIXES[service]}/operations/dead-letter-actions?${query}`, { userId });
}

function page(cursor: string | null): URLSearchParams {
  const query = new URLSearchParams({ limit: '50' });
  if (cursor) query.set('cursor', cursor);
  return query;
}

function filtered(query: URLSearchParams, filter: AuditFilter, user: string, kind: string): URLSearchParams {
  if (filter.user) query.set(user, filter.user);
  if (filter.kind) query.set(kind, filter.kind);
  if (filter.since) query.set('since', dayStart(filter.since).toISOString());
  if (filter.until) query.set('until', nextDay(dayStart(filter.until)).toISOString());
  return query;
}

function dayStart(day: string): Date {
  return new Date(`${day}T00:00:00`);
}

function nextDay(day: Date): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1);
}
