// What both directions of attention share: a block of queries meets a block of keys, so that neither the scores nor their gradient leave the
// first-level cache. Blocks are stored key by key, QUERIES numbers each: what is done to all keys of a query then runs over vectors of four
// queries.

import { tile, TILE_COLUMNS, TILE_ROWS } from "./tile";

/** Queries in a block: whole tiles, as rows and as columns. */
export const QUERIES: i32 = 24;

/** Keys in a block: whole tiles, as rows and as columns. */
export const KEYS: i32 = 96;

/** Bytes from one key of a block to the next. */
export const KEY_BYTES: usize = 96;

/** What its scores take. */
export const BLOCK_BYTES: usize = 9216;

/** Bytes of zeros from which sums start, up to the end of a cache line. */
export const ZERO_BYTES: usize = 64;

/** The number of columns that whole panels take. */
// @ts-ignore: decorator
@inline
export function padded(columns: i32): i32 {
  return (columns + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
}

/** Where the packed numbers of a key begin, in panels of rows: keys before it are whole panels. */
// @ts-ignore: decorator
@inline
export function rowPanel(packed: usize, row: i32, depth: i32): usize {
  return packed + usize(row) * usize(depth) * 4;
}

/**
 * block[j, i] = Σ over the numbers of a head of a[j] · b[i], for whole panels of rows until `keys` are done, of `left` that there are, and
 * whole panels of columns until `queries` are done.
 */
export function multiplyIntoBlock(
  rows: usize,
  columns: usize,
  width: i32,
  zeros: usize,
  block: usize,
  keys: i32,
  left: i32,
  queries: i32,
): void {
  for (let j = 0; j < keys; j += TILE_ROWS) {
    const height = min(TILE_ROWS, left - j);
    const a = rowPanel(rows, j, width);
    let to = block + usize(j) * KEY_BYTES;
    let b = columns;
    for (let i = 0; i < queries; i += TILE_COLUMNS) {
      tile(height, a, usize(height) * 4, b, 32, width, zeros, 0, to, KEY_BYTES);
      b += usize(width) * 32;
      to += 32;
    }
  }
}

/**
 * to[i] += Σ over `depth` steps of a[step, i] · b[step], for `rows` rows of `width` numbers, padded to whole panels: `a` has its rows side
 * by side, `aStep` bytes from one step to the next; the panels of b lie `bPanel` bytes apart.
 */
export function addProduct(
  a: usize,
  aStep: usize,
  rows: i32,
  b: usize,
  bPanel: usize,
  depth: i32,
  to: usize,
  width: i32,
): void {
  const toRow = usize(padded(width)) * 4;
  for (let p = 0; p < width; p += TILE_COLUMNS) {
    const c = to + usize(p) * 4;
    tile(rows, a, aStep, b, 32, depth, c, toRow, c, toRow);
    b += bPanel;
  }
}

/** The first key that a query sees. */
// @ts-ignore: decorator
@inline
export function firstSeen(query: i32, back: i32): i32 {
  return max(0, query - back);
}

/** The key after the last one that a query sees. */
// @ts-ignore: decorator
@inline
export function endSeen(query: i32, ahead: i32, counted: i32): i32 {
  return min(counted, query + ahead + 1);
}

/** All ones where a query sees a key, for the four queries from `query` on. */
export function seesKey(query: i32, key: i32, back: i32, ahead: i32, counted: i32): v128 {
  const own = i32x4.add(i32x4.splat(query), i32x4(0, 1, 2, 3));
  const near = v128.and(
    i32x4.ge_s(i32x4.splat(key + back), own),
    i32x4.le_s(i32x4.splat(key - ahead), own),
  );
  return key < counted ? near : i32x4.splat(0);
}
