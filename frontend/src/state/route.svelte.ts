/**
 * The current location, stored in the URL so that it can be linked: at home `#/orders/<id>`, `#/statement`,
 * `#/cheques`, `#/cheques/new`, `#/operations`, `#/operations/<service>/<direction>/<event>`; on a shared
 * cheque, which has its own path, `#/review`.
 */
import { DIRECTIONS } from '../api/model';
import { type LetterAddress, SERVICES, type Service } from '../api/operations';

const ORDER = /^#\/orders\/([^/]+)$/;
const LETTER = new RegExp(`^#/operations/(${SERVICES.join('|')})/(${DIRECTIONS.join('|')})/([^/]+)$`);
const CHEQUE_PATH = /^\/small-router\/([^/]+)\/?$/;

export const OPERATIONS_HREF = '#/operations';

export type Tab = 'orders' | 'statement' | 'cheques';

export class Route {
  /** The key of the shared cheque in the path. Constant, because another path is another page. */
  readonly chequeHash = CHEQUE_PATH.exec(location.pathname)?.[1] ?? null;
  #hash = $state(location.hash);
  /** Kept while an order is open, so that closing it returns to the same list. */
  #tab = $state<Tab>(tabOf(location.hash));

  readonly orderId: string | null = $derived.by(() => ORDER.exec(this.#hash)?.[1] ?? null);
  readonly capturing: boolean = $derived(this.#hash === '#/cheques/new');
  readonly reviewing: boolean = $derived(this.#hash === '#/review');

  /** Whether the operators' page is open. */
  readonly operating: boolean = $derived(/^#\/operations(\/|$)/.test(this.#hash));
  /** The open dead letter. */
  readonly letter: LetterAddress | null = $derived(letterAt(this.#hash));

  get tab(): Tab {
    return this.#tab;
  }

  start(): () => void {
    const follow = () => {
      this.#hash = location.hash;
      if (this.orderId === null) this.#tab = tabOf(this.#hash);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }

  closeOrder(): void {
    location.hash = tabHref(this.#tab);
  }

  closeLetter(): void {
    location.hash = OPERATIONS_HREF;
  }
}

export function orderHref(id: string): string {
  return `#/orders/${id}`;
}

export function letterHref({ service, direction, eventId }: LetterAddress): string {
  return `${OPERATIONS_HREF}/${service}/${direction}/${eventId}`;
}

export function letterAt(hash: string): LetterAddress | null {
  const [, service, direction, eventId] = LETTER.exec(hash) ?? [];
  if (!service || !direction || !eventId) return null;
  return { service: service as Service, direction: direction as LetterAddress['direction'], eventId };
}

export function tabHref(tab: Tab): string {
  return tab === 'orders' ? '#/' : `#/${tab}`;
}

function tabOf(hash: string): Tab {
  if (hash === '#/statement') return 'statement';
  return hash.startsWith('#/cheques') ? 'cheques' : 'orders';
}
