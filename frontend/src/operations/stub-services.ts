/** In-memory services that replace the network in unit tests. */
import type { DeadLetter, DeadLetterFilter } from '../api/model';
import { PREFIXES, type Service } from '../api/operations';

const STATES = { replay: 'replayed', discard: 'discarded' } as const;

export class StubServices {
  readonly letters: Record<Service, DeadLetter[]> = { orders: [], payments: [], ocr: [], router: [] };
  readonly down = new Set<Service>();
  /** Every request, as `METHOD URL`, with its body. */
  readonly requests: { line: string; body: string }[] = [];

  /** Replaces `fetch`. */
  readonly fetch = (address: string, { method, body }: { method: string; body: string | null }): Promise<Response> => {
    this.requests.push({ line: `${method} ${address}`, body: body ?? '' });
    const url = new URL(address, 'http://any');
    const found = Object.entries(PREFIXES).find(([, prefix]) => url.pathname.startsWith(`${prefix}/operations/`));
    const service = found?.[0] as Service;
    if (this.down.has(service)) return Promise.resolve(problem(502, 'upstream_unreachable'));
    const [what, action] = url.pathname.split('/operations/')[1]?.split('/') ?? [];
    if (what !== 'dead-letters') return Promise.resolve(problem(404, 'not_found'));
    if (method === 'POST') return Promise.resolve(this.#settle(service, action as keyof typeof STATES, body ?? ''));
    return Promise.resolve(this.#list(service, url.searchParams));
  };

  /** Adds an open dead letter that failed at this second. */
  add(service: Service, second: number, part: Partial<DeadLetter> = {}): void {
    const failed_at = new Date(second * 1000).toISOString().replace('.000Z', '.000250Z');
    const event_id = `${service}-${second}`;
    const known = { event_id, direction: 'incoming', event_type: 'a.B.v1', reason: 'rejected', failed_at } as const;
    this.letters[service].push({ ...NOTHING, ...known, ...part });
  }

  #list(service: Service, query: URLSearchParams): Response {
    const all = this.#matching(service, Object.fromEntries(query) as DeadLetterFilter);
    const [from, rows] = [Number(query.get('cursor') ?? 0), Number(query.get('limit'))];
    const link = `</operations/dead-letters?cursor=${from + rows}>; rel="next"`;
    const headers = from + rows < all.length ? { Link: link } : undefined;
    return Response.json(all.slice(from, from + rows), headers && { headers });
  }

  #settle(service: Service, action: keyof typeof STATES, body: string): Response {
    const matching = this.#matching(service, JSON.parse(body) as DeadLetterFilter);
    for (const letter of matching) letter.state = STATES[action];
    return Response.json({ settled: matching.length });
  }

  #matching(service: Service, { state, type, reason, failed_before }: DeadLetterFilter): DeadLetter[] {
    return this.letters[service]
      .filter((letter) => letter.state === (state ?? 'open') && (!type || letter.event_type === type))
      .filter((letter) => !reason || letter.reason.includes(reason))
      .filter((letter) => !failed_before || letter.failed_at < failed_before)
      .sort((left, right) => right.failed_at.localeCompare(left.failed_at));
  }
}

const NOTHING = {
  ordering_key: null,
  attempts: 1,
  correlation_id: null,
  trace_id: null,
  occurred_at: null,
  state: 'open',
  settled_at: null,
} as const;

function problem(status: number, code: string): Response {
  return Response.json({ type: 'about:blank', title: code, status, code }, { status });
}
