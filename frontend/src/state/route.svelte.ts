/** Where the person is, kept in the address so that it can be linked: `#/orders/<id>`, `#/statement`. */

const ORDER = /^#\/orders\/([^/]+)$/;

export class Route {
  #hash = $state(location.hash);

  readonly orderId: string | null = $derived.by(() => ORDER.exec(this.#hash)?.[1] ?? null);
  /** Stays true under an open order, so that closing it returns to the same list. */
  #statement = $state(location.hash === '#/statement');

  get statement(): boolean {
    return this.#statement;
  }

  start(): () => void {
    const follow = () => {
      this.#hash = location.hash;
      if (this.orderId === null) this.#statement = this.#hash === '#/statement';
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }

  closeOrder(): void {
    location.hash = this.#statement ? '#/statement' : '#/';
  }
}

export function orderHref(id: string): string {
  return `#/orders/${id}`;
}
