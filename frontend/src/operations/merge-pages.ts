/** Joins lists that are read page by page into one, so that nothing appears before what is not read yet. */

export interface Pages<T> {
  /** In order. */
  items: readonly T[];
  hasMore: boolean;
}

type Order<T> = (left: T, right: T) => number;

/**
 * The list that holds the others up: of those with more to read, the one whose last item comes first.
 *
 * What comes after that item is not shown, since the unread may belong before it. `null` when all is read.
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
