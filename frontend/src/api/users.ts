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
}

export async function register(login: string, password: string): Promise<SignedIn> {
  return post<SignedIn>('/users/register', { login, password });
}

export async function logIn(login: string, password: string): Promise<SignedIn> {
  return post<SignedIn>('/login', { login, password });
}

export async function refresh(token: string): Promise<SignedIn> {
  return post<SignedIn>('/users/refresh', { refresh_token: token });
}

export async function logOut(token: string): Promise<void> {
  await post('/users/logout', { refresh_token: token });
}

async function post<T>(path: string, body: Record<string, string>): Promise<T> {
  return (await call<T>(path, { method: 'POST', userId: null, body: JSON.stringify(body) })).data;
}
