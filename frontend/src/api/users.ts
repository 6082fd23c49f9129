/** API client of users-service, through the gateway. */
import { call } from './http';

export interface User {
  id: number;
  login: string;
  role: 'user' | 'admin';
  blocked: boolean;
  created_at: string;
}

/** The response to signing in. */
export interface SignedIn {
  user: User;
  access_token: string;
  /** In seconds. */
  expires_in: number;
  refresh_token: string;
  session_id: string;
}

/** The response to a right password of a user with a second factor. */
export interface Challenge {
  challenge: string;
  /** In seconds. */
  expires_in: number;
}

/** A sign-in that has not ended. */
export interface ListedSession {
  id: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  address: string | null;
  user_agent: string | null;
}

export async function register(login: string, password: string): Promise<SignedIn> {
  return post<SignedIn>('/users/register', { login, password });
}

export async function logIn(login: string, password: string): Promise<SignedIn | Challenge> {
  return post<SignedIn | Challenge>('/login', { login, password });
}

export async function answerChallenge({ challenge }: Challenge, code: string): Promise<SignedIn> {
  return post<SignedIn>('/users/login/second-factor', { challenge, code });
}

export async function refresh(token: string): Promise<SignedIn> {
  return post<SignedIn>('/users/refresh', { refresh_token: token });
}

export async function logOut(token: string): Promise<void> {
  await post('/users/logout', { refresh_token: token });
}

/** Sets a new password with a token of an administrator. */
export async function resetPassword(token: string, newPassword: string): Promise<SignedIn | Challenge> {
  return post<SignedIn | Challenge>('/users/password-reset', { token, new_password: newPassword });
}

export async function listSessions(userId: number): Promise<ListedSession[]> {
  return (await call<{ sessions: ListedSession[] }>('/users/sessions', { userId })).data.sessions;
}

export async function endSession(userId: number, id: string): Promise<void> {
  await call(`/users/sessions/${encodeURIComponent(id)}`, { method: 'DELETE', userId });
}

/** Ends all sessions of the user, and starts a new one. */
export async function changePassword(userId: number, current: string, next: string): Promise<SignedIn> {
  const body = JSON.stringify({ current_password: current, new_password: next });
  return (await call<SignedIn>('/users/password', { method: 'POST', userId, body })).data;
}

async function post<T>(path: string, body: Record<string, string>): Promise<T> {
  return (await call<T>(path, { method: 'POST', userId: null, body: JSON.stringify(body) })).data;
}
