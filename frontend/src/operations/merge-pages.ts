/** Merges paged lists into one list that shows only items whose final position is known. */

export interface Pages<T> {
  /** Sorted. */
  items: readonly T[];
  hasMore: boolean;
}

type Order<T> = (left: T, right: T) => number;

/**
 * The list that limits what can be shown: among the lists with unread pages, the one whose last item comes
 * first.
 *
 * Items after that one are not shown, because unread items may belong before them. `null` if all lists are
 * complete.
 */
export function holdingUp<T, P extends Pages<T>>(lists: readonly P[], order: Order<T>): P | null {
  let first: { list: P; last: T } | null = null;
  for (const list of lists) {
    const last = list.items.at(-1);
    if (!list.hasMore || last === undefined) continue;
    if (first === null || order(last, first.last) < 0) first = { list, last };
  }
  return first?.list ?? null;
}

export function mergePages<T>(lists: readonly Pages<T>[], order: Order<T>): T[] {
  const horizon = holdingUp<T, Pages<T>>(lists, order)?.items.at(-1);
  const all = lists.flatMap(({ items }) => items).sort(order);
  return horizon === undefined ? all : all.filter((item) => order(item, horizon) <= 0);
}
