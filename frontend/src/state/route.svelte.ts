/**
 * Where the person is, kept in the address so that it can be linked: at home `#/orders/<id>`, `#/statement`,
 * `#/cheques`, `#/cheques/new`; on a shared cheque, which has a path of its own, `#/review`.
 */

const ORDER = /^#\/orders\/([^/]+)$/;
const CHEQUE_PATH = /^\/small-router\/([^/]+)\/?$/;

export type Tab = 'orders' | 'statement' | 'cheques';

export class Route {
  /** The key of the shared cheque that the path names. It is another page, so it never changes. */
  readonly chequeHash = CHEQUE_PATH.exec(location.pathname)?.[1] ?? null;
  #hash = $state(location.hash);
  /** Stays under an open order, so that closing it returns to the same list. */
  #tab = $state<Tab>(tabOf(location.hash));

  readonly orderId: string | null = $derived.by(() => ORDER.exec(this.#hash)?.[1] ?? null);
  readonly capturing: boolean = $derived(this.#hash === '#/cheques/new');
  readonly reviewing: boolean = $derived(this.#hash === '#/review');

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
}

export function orderHref(id: string): string {
  return `#/orders/${id}`;
}

export function tabHref(tab: Tab): string {
  return tab === 'orders' ? '#/' : `#/${tab}`;
}

function tabOf(hash: string): Tab {
  if (hash === '#/statement') return 'statement';
  return hash.startsWith('#/cheques') ? 'cheques' : 'orders';
}
