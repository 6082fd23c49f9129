/** API client of the operators' endpoints of all services, through the gateway. */
import { type Answer, call } from './http';
import { readVerbatim, writeJson } from './json';
import type { DeadLetter, DeadLetterFilter, Direction, Messaging, OpenedDeadLetter } from './model';

/** All services that publish or handle events, with their path prefixes at the gateway. */
export const PREFIXES = {
  orders: '/orders',
  payments: '/payments',
  ocr: '/ocr',
  router: '/small-router',
} as const;

export type Service = keyof typeof PREFIXES;
export const SERVICES = Object.keys(PREFIXES) as Service[];

export type DeadLetterAction = 'replay' | 'discard';

/** Identifies a dead letter of a service. */
export interface LetterAddress {
  service: Service;
  direction: Direction;
  eventId: string;
}

const PAGE_ROWS = 20;
/** Largest page size of the services. */
export const PAGE_ROWS_MAX = 100;

export async function readMessaging(userId: number | null, service: Service): Promise<Messaging> {
  return (await call<Messaging>(`${base(service)}/messaging`, { userId })).data;
}

export interface LettersPage {
  filter: DeadLetterFilter;
  cursor: string | null;
  limit?: number;
}

export function listDeadLetters(
  userId: number | null,
  service: Service,
  { filter, cursor, limit = PAGE_ROWS }: LettersPage,
): Promise<Answer<DeadLetter[]>> {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  if (cursor) query.set('cursor', cursor);
  return call<DeadLetter[]>(`${base(service)}/dead-letters?${query}`, { userId });
}

export async function openDeadLetter(userId: number | null, letter: LetterAddress): Promise<OpenedDeadLetter> {
  return (await call<OpenedDeadLetter>(path(letter), { userId, read: readOpened })).data;
}

export async function settleDeadLetter(
  userId: number | null,
  letter: LetterAddress,
  action: DeadLetterAction,
): Promise<DeadLetter> {
  return (await call<DeadLetter>(`${path(letter)}/${action}`, { method: 'POST', userId })).data;
}

/** Replays or discards all matching dead letters; returns their number. */
export async function settleDeadLetters(
  userId: number | null,
  service: Service,
  action: DeadLetterAction,
  filter: DeadLetterFilter,
): Promise<number> {
  const request = { method: 'POST', userId, body: writeJson({ ...filter }) } as const;
  return (await call<{ settled: number }>(`${base(service)}/dead-letters/${action}`, request)).data.settled;
}

function base(service: Service): string {
  return `${PREFIXES[service]}/operations`;
}

function path({ service, direction, eventId }: LetterAddress): string {
  return `${base(service)}/dead-letters/${direction}/${encodeURIComponent(eventId)}`;
}

// The payload is only displayed, so `200` must not become 20000 kopecks, nor `1.50` become 1.5.
function readOpened(text: string): OpenedDeadLetter {
  const letter = JSON.parse(text) as OpenedDeadLetter;
  if (!('payload' in letter)) return letter;
  return { ...letter, payload: (readVerbatim(text) as { payload: OpenedDeadLetter['payload'] & {} }).payload };
}
