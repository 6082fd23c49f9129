/** One request to the gateway: JSON in, JSON out, every failure a `Failure`. */
import { Failure } from './failure';
import { readJson } from './json';
import type { Problem } from './model';

// Longer than the gateway's own timeout, so that its problem document arrives before we give up.
const TIMEOUT_MS = 35_000;

export interface Call {
  method?: 'GET' | 'POST';
  /** Whom the request is made for; `null` for public calls. */
  userId: number | null;
  /** JSON text, already exact. */
  body?: string;
  idempotencyKey?: string;
}

export interface Answer<T> {
  data: T;
  /** Where the next page starts, when there is one. */
  nextCursor: string | null;
}

/** Sends the request. Throws a `Failure`. */
export async function call<T>(path: string, request: Call): Promise<Answer<T>> {
  const response = await reach(path, request);
  const text = await response.text().catch((cause: unknown) => {
    throw new Failure('network', null, cause);
  });
  if (!response.ok) throw new Failure('problem', problemOf(response, text));
  try {
    return { data: readJson(text) as T, nextCursor: nextCursor(response.headers.get('Link')) };
  } catch (cause) {
    throw new Failure('unreadable', null, cause);
  }
}

async function reach(path: string, { method, userId, body, idempotencyKey }: Call): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json, application/problem+json' });
  if (userId !== null) headers.set('X-User-ID', String(userId));
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

// A proxy in front of the gateway may answer in HTML; the status is then all we know.
function problemOf(response: Response, text: string): Problem {
  const bare = { type: 'about:blank', title: response.statusText, status: response.status };
  try {
    const read = JSON.parse(text) as Partial<Problem>;
    return { ...bare, code: 'unknown', ...read };
  } catch {
    return { ...bare, code: 'unknown' };
  }
}

/**
 * The cursor of `Link: <...>; rel="next"`.
 *
 * Only the cursor is taken: services sit behind a prefix that they do not know of.
 */
export function nextCursor(link: string | null): string | null {
  for (const part of link?.split(',') ?? []) {
    const match = /<([^>]*)>\s*;.*\brel="?next"?/.exec(part);
    if (match?.[1]) return new URL(match[1], 'http://any').searchParams.get('cursor');
  }
  return null;
}

/** A fresh Idempotency-Key. `crypto.randomUUID` is missing on plain http to another machine. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
