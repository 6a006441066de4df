// Which row of a table of relative positions is that of a query and a key.

import type { Relative } from "./spec.ts";

type Ranges = Extract<Relative["places"], { readonly kind: "ranges" }>;

/** Distances one by one up to a quarter of the places, then in ranges that grow to the farthest; those ahead have places of their own. */
function range({ count, farthest, behind }: Ranges, distance: number): number {
  if (behind === true && distance > 0) return 0;
  const own = behind === true ? count : Math.floor(count / 2);
  const near = Math.floor(own / 2);
  const apart = Math.abs(distance);
  const first = distance > 0 ? own : 0;
  if (apart < near) return first + apart;
  // in single precision, as transformers computes it, so that a distance between ranges falls into the same one
  const log = Math.fround(Math.log(Math.fround(apart / near)));
  const share = Math.fround(log / Math.fround(Math.log(farthest / near)));
  const far = near + Math.floor(Math.fround(share * (own - near)));
  return first + Math.min(far, own - 1);
}

/** The rows and columns from a key to a query; token 0 is the class token, which has three places at the end. */
function gridPlace(rows: number, columns: number, query: number, key: number): number {
  const [down, across] = [2 * rows - 1, 2 * columns - 1];
  if (query === 0) return down * across + (key === 0 ? 2 : 0);
  if (key === 0) return down * across + 1;
  const [q, k] = [query - 1, key - 1];
  const row = Math.floor(q / columns) - Math.floor(k / columns) + rows - 1;
  const column = q % columns - k % columns + columns - 1;
  return row * across + column;
}

/** How many places a table has rows for. */
export function countPlaces({ places }: Relative): number {
  if (places.kind === "ranges") return places.count;
  return (2 * places.rows - 1) * (2 * places.columns - 1) + 3;
}

/**
 * The row of a table for a query and a key.
 *
 * @param relative The table's places.
 * @param query The query's index.
 * @param key The key's index.
 * @returns The row, from 0.
 */
export function placeOf({ places }: Relative, query: number, key: number): number {
  return places.kind === "ranges"
    ? range(places, key - query)
    : gridPlace(places.rows, places.columns, query, key);
}
