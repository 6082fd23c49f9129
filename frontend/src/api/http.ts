/** Sends a request to the gateway: JSON in, JSON out, every failure a `Failure`. */
import { signedInBy } from './bearer';
import { Failure } from './failure';
import { readJson } from './json';
import type { Problem } from './model';

// Longer than the gateway's own timeout, so that its problem document arrives first.
const TIMEOUT_MS = 35_000;
export const ACCEPT = 'application/json, application/problem+json';

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The user of the request; `null` for public calls. */
  userId: number | null;
  /** A guest's secret token for a cheque. */
  participantToken?: string | null;
  /** JSON text with exact numbers. */
  body?: string;
  idempotencyKey?: string;
  /** Parses the response text; default is `readJson`. */
  read?: (text: string) => unknown;
}

export interface Answer<T> {
  data: T;
  /** The cursor of the next page, if there is one. */
  nextCursor: string | null;
}

/** Sends the request. Throws a `Failure`. */
export async function call<T>(path: string, request: Call): Promise<Answer<T>> {
  const response = await reach(path, request);
  const text = await response.text().catch((cause: unknown) => {
    throw new Failure('network', null, cause);
  });
  if (!response.ok) throw problemFailure(response, text);
  try {
    // A response without a body is complete with its status.
    const data = response.status === 204 ? undefined : (request.read ?? readJson)(text);
    return { data: data as T, nextCursor: nextCursor(response.headers.get('Link')) };
  } catch (cause) {
    throw new Failure('unreadable', null, cause);
  }
}

async function reach(path: string, request: Call): Promise<Response> {
  const { userId } = request;
  const bearer = signedInBy();
  if (!bearer || userId === null) return send(path, request, null);
  const token = await bearer.token(userId);
  const response = await send(path, request, token);
  if (response.status !== 401 || token === null) return response;
  // If the gateway rejects a token, it has not forwarded the request, so the request can be repeated.
  const isRefused = response.headers.get('WWW-Authenticate') === 'Bearer';
  const renewed = isRefused ? await bearer.renew(userId, token) : null;
  return renewed === null ? response : send(path, request, renewed);
}

/** The identity of a request as headers. */
export function identity(userId: number | null, token: string | null): Record<string, string> {
  if (token !== null) return { Authorization: `Bearer ${token}` };
  return userId === null || signedInBy() ? {} : { 'X-User-ID': String(userId) };
}

async function send(path: string, request: Call, token: string | null): Promise<Response> {
  const { method, userId, participantToken, body, idempotencyKey } = request;
  const headers = new Headers({ Accept: ACCEPT, ...identity(userId, token) });
  if (participantToken) headers.set('X-Participant-Token', participantToken);
  if (body !== undefined) headers.set('Content-Type', 'application/json');
  if (idempotencyKey !== undefined) headers.set('Idempotency-Key', idempotencyKey);
  try {
    return await fetch(path, {
      method: method ?? 'GET',
      headers,
      body: body ?? null,
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    const timedOut = cause instanceof DOMException && cause.name === 'TimeoutError';
    throw new Failure(timedOut ? 'timeout' : 'network', null, cause);
  }
}

/** An unsuccessful response, from any sender. */
export interface Refused {
  status: number;
  statusText: string;
  headers: Pick<Headers, 'get'>;
}

/** Converts a problem document to a failure. */
export function problemFailure({ status, statusText, headers }: Refused, text: string): Failure {
  const bare = { type: 'about:blank', title: statusText, status, code: 'unknown' };
  const seconds = Number.parseInt(headers.get('Retry-After') ?? '', 10);
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? { retry_after_seconds: seconds } : {};
  try {
    return new Failure('problem', { ...bare, ...(JSON.parse(text) as Partial<Problem>), ...retryAfter });
  } catch {
    // A proxy in front of the gateway may respond with HTML; then only the status is known.
    return new Failure('problem', { ...bare, ...retryAfter });
  }
}

/**
 * The cursor of `Link: <...>; rel="next"`.
 *
 * Only the cursor is used, because services do not know the path prefix that the gateway adds.
 */
export function nextCursor(link: string | null): string | null {
  for (const part of link?.split(',') ?? []) {
    const match = /<([^>]*)>\s*;.*\brel="?next"?/.exec(part);
    if (match?.[1]) return new URL(match[1], 'http://any').searchParams.get('cursor');
  }
  return null;
}

/** A new Idempotency-Key. `crypto.randomUUID` is not available on plain HTTP from another machine. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
