// Items that are made while the one before is used: reading, computing and writing overlap.

/**
 * Items, of which each is being made while the one before it is used.
 *
 * @param items How they are made.
 * @returns The same, in the same order; what making one throws is thrown in its place.
 */
export async function* oneAhead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const source = items[Symbol.asyncIterator]();
  let next = source.next();
  try {
    for (let item = await next; item.done !== true; item = await next) {
      next = source.next();
      next.catch(() => {}); // it is thrown where it is awaited
      yield item.value;
    }
  } finally {
    await next.catch(() => {});
    await source.return?.();
  }
}
