// What collections do in newer engines than those that the library runs on: Node 20 has neither `Map.groupBy()` nor `Array.fromAsync()`.

/**
 * Groups items by a key.
 *
 * @param items The items.
 * @param keyOf The key of an item.
 * @returns The items of each key in their order, the keys in the order in which they come first.
 */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/**
 * Awaits all items.
 *
 * @param items The items, which come one after the other.
 * @returns All of them.
 */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
