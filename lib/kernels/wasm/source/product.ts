// C = op(A) · op(B) + bias: blocks that stay in the caches, around the tile of lib/workshop/wasm/tile_source.ts. The columns of B are packed
// once, in a call of their own, so that threads share them; each thread packs the rows of A that it needs.
//
// op(A) and op(B) are given by strides in bytes: `aRow` from one row to the next and `aStep` from one k to the next (one of the
// two is 4), `bColumn` and `bStep` likewise.

import { isFew, multiplyFew } from "./few_rows";
import { packColumns, packRows } from "./pack";
import { tile, TILE_COLUMNS, TILE_ROWS } from "./tile";

/** Longest block of k: a panel of B (8 KB) and one of A (6 KB) lie in a first-level cache. */
const DEPTH: i32 = 256;

/** Rows of A packed at once, a multiple of the tile's; with DEPTH they take 96 KB of a second-level cache. */
const ROWS: i32 = 96;

/** Bytes before the packed rows in the working memory: 8 zeros, and at byte 64 a tile for the edge. */
const EDGE: usize = 256;

/** The block of k for a depth: equal parts. */
// @ts-ignore: decorator
@inline
function blockOf(depth: i32): i32 {
  const blocks = (depth + DEPTH - 1) / DEPTH;
  return blocks > 1 ? (depth + blocks - 1) / blocks : depth;
}

// @ts-ignore: decorator
@inline
function panelsOf(columns: i32): i32 {
  return (columns + TILE_COLUMNS - 1) / TILE_COLUMNS;
}

/** Packs the panels `first` to `first + count − 1` of op(B), all of k, for `multiplyPacked`. */
export function packPanels(
  b: usize,
  bColumn: usize,
  bStep: usize,
  columns: i32,
  depth: i32,
  packed: usize,
  first: i32,
  count: i32,
): void {
  const longest = blockOf(depth);
  const bytes = usize(panelsOf(columns)) * 32;
  for (let k = 0; k < depth; k += longest) {
    const length = min(longest, depth - k);
    const from = b + usize(k) * bStep;
    packColumns(from, bColumn, bStep, columns, length, packed + usize(k) * bytes, first, count);
  }
}

/** The first `count` of 8 floats in each row. */
function copyTile(
  from: usize,
  fromRow: usize,
  to: usize,
  toRow: usize,
  rows: i32,
  count: i32,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < usize(count) * 4; j += 4) {
      store<f32>(to + j, load<f32>(from + j));
    }
    from += fromRow;
    to += toRow;
  }
}

/** A column of tiles: packed rows of A times one panel of B, of which `width` columns exist. */
function multiplyPanel(
  a: usize,
  rows: i32,
  panel: usize,
  depth: i32,
  start: usize,
  startRow: usize,
  c: usize,
  cRow: usize,
  width: i32,
  edge: usize,
): void {
  for (let i = 0; i < rows; i += TILE_ROWS) {
    const height = min(TILE_ROWS, rows - i);
    const step = usize(height) * 4;
    if (width >= TILE_COLUMNS) {
      tile(height, a, step, panel, 32, depth, start, startRow, c, cRow);
    } else {
      copyTile(start, startRow, edge, 32, height, width);
      tile(height, a, step, panel, 32, depth, edge, 32, edge, 32);
      copyTile(edge, 32, c, cRow, height, width);
    }
    a += usize(TILE_ROWS) * usize(depth) * 4;
    start += startRow * TILE_ROWS;
    c += cRow * TILE_ROWS;
  }
}

/** The rows `first` to `first + count − 1` of C, from packed panels of B. */
export function multiplyPacked(
  a: usize,
  aRow: usize,
  aStep: usize,
  packed: usize,
  c: usize,
  columns: i32,
  depth: i32,
  bias: usize,
  scratch: usize,
  first: i32,
  count: i32,
): void {
  const longest = blockOf(depth);
  const cRow = usize(columns) * 4;
  const panels = panelsOf(columns);
  const packedRows = scratch + EDGE;
  v128.store(scratch, f32x4.splat(0));
  v128.store(scratch, f32x4.splat(0), 16);
  let k = 0;
  do {
    const length = min(longest, depth - k);
    const block = packed + usize(k) * usize(panels) * 32;
    for (let i = first; i < first + count; i += ROWS) {
      const rows = min(ROWS, first + count - i);
      packRows(a + usize(i) * aRow + usize(k) * aStep, aRow, aStep, rows, length, packedRows);
      for (let p = 0; p < panels; p++) {
        const panel = block + usize(p) * usize(length) * 32;
        const to = c + usize(i) * cRow + usize(p) * 32;
        const width = columns - p * TILE_COLUMNS;
        // the first block starts from the bias or from zeros, in every row; the others go on from what C holds
        const start = k > 0 ? to : bias != 0 ? bias + usize(p) * 32 : scratch;
        const startRow = k > 0 ? cRow : 0;
        const edge = scratch + 64;
        multiplyPanel(packedRows, rows, panel, length, start, startRow, to, cRow, width, edge);
      }
    }
    k += longest;
  } while (k < depth);
}

/** Whole products of a batch, one after the other; op(B) is packed into the working memory, after the rows of A. */
export function multiplyBatch(
  a: usize,
  aRow: usize,
  aStep: usize,
  aMatrix: usize,
  b: usize,
  bColumn: usize,
  bStep: usize,
  bMatrix: usize,
  c: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  bias: usize,
  scratch: usize,
  first: i32,
  count: i32,
): void {
  const packed = scratch + EDGE + usize(ROWS) * usize(DEPTH) * 4;
  for (let i = first; i < first + count; i++) {
    const left = a + usize(i) * aMatrix;
    const right = b + usize(i) * bMatrix;
    const to = c + usize(i) * usize(rows) * usize(columns) * 4;
    if (isFew(rows, aStep, bColumn)) {
      const all = columns;
      multiplyFew(left, aRow, aStep, right, bColumn, bStep, to, rows, all, depth, bias, 0, all);
    } else {
      packPanels(right, bColumn, bStep, columns, depth, packed, 0, panelsOf(columns));
      multiplyPacked(left, aRow, aStep, packed, to, columns, depth, bias, scratch, 0, rows);
    }
  }
}
