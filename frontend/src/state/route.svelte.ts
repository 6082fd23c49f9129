/**
 * The current location, stored in the URL so that it can be linked: at home `#/orders/<id>`, `#/statement`,
 * `#/cheques`, `#/cheques/new`, `#/cheques/by-hand`, `#/operations`, `#/operations/<service>/<direction>/<event>`, `#/administration`,
 * `#/administration/audit`; on a shared cheque, which has its own path, `#/review`. `#/new-password/<token>`
 * disappears from the URL as soon as it is read.
 */
import { DIRECTIONS } from '../api/model';
import { type LetterAddress, SERVICES, type Service } from '../api/operations';

const ORDER = /^#\/orders\/([^/]+)$/;
const LETTER = new RegExp(`^#/operations/(${SERVICES.join('|')})/(${DIRECTIONS.join('|')})/([^/]+)$`);
const CHEQUE_PATH = /^\/small-router\/([^/]+)\/?$/;

const RESET = /^#\/new-password\/([\w-]+)$/;

export const BY_HAND_HREF = '#/cheques/by-hand';
export const OPERATIONS_HREF = '#/operations';
export const ADMINISTRATION_HREF = '#/administration';
export const AUDIT_HREF = '#/administration/audit';

export type Tab = 'orders' | 'statement' | 'cheques';

export class Route {
  /** The key of the shared cheque in the path. Constant, because another path is another page. */
  readonly chequeHash = CHEQUE_PATH.exec(location.pathname)?.[1] ?? null;
  #hash = $state(location.hash);
  /** The token of a link for a new password. */
  resetToken = $state<string | null>(null);
  /** Kept while an order is open, so that closing it returns to the same list. */
  #tab = $state<Tab>(tabOf(location.hash));

  readonly orderId: string | null = $derived.by(() => ORDER.exec(this.#hash)?.[1] ?? null);
  readonly capturing: boolean = $derived(this.#hash === '#/cheques/new');
  /** Whether the user enters a bill by hand. */
  readonly entering: boolean = $derived(this.#hash === BY_HAND_HREF);
  readonly reviewing: boolean = $derived(this.#hash === '#/review');

  /** Whether the operators' page is open. */
  readonly operating: boolean = $derived(/^#\/operations(\/|$)/.test(this.#hash));
  /** Whether the administrators' page is open, and whether it shows the audit trail. */
  readonly administering: boolean = $derived(/^#\/administration(\/|$)/.test(this.#hash));
  readonly auditing: boolean = $derived(this.#hash === AUDIT_HREF);
  /** The open dead letter. */
  readonly letter: LetterAddress | null = $derived(letterAt(this.#hash));

  get tab(): Tab {
    return this.#tab;
  }

  start(): () => void {
    const follow = () => {
      this.#takeReset();
      this.#hash = location.hash;
      if (this.orderId === null) this.#tab = tabOf(this.#hash);
    };
    this.#takeReset();
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }

  /** Closes the page for a new password. */
  forgetReset(): void {
    this.resetToken = null;
  }

  // The token must not stay in the history of the browser.
  #takeReset(): void {
    const token = RESET.exec(location.hash)?.[1];
    if (token === undefined) return;
    history.replaceState(null, '', '#/');
    this.#hash = location.hash;
    this.resetToken = token;
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

/** The link with which a user sets a new password. Browsers don't send what follows `#`. */
export function resetHref(token: string): string {
  return `#/new-password/${token}`;
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
