// C = op(A) · op(B) + bias: blocks that stay in the caches around a tile (../tile_source.ts). The columns of B are packed once, in a call of
// their own, so that threads share them; each thread packs the rows of A that it needs.
//
// op(A) and op(B) are given by strides in bytes: `aRow` from one row to the next and `aStep` from one k to the next (one of the
// two is 4), `bColumn` and `bStep` likewise.

import { packColumns, packRows } from "./pack";
import { tile, TILE_COLUMNS, TILE_ROWS } from "./tile";

/** Longest block of k: a panel of B (8 KB) and one of A (6 KB) lie in a first-level cache. */
const DEPTH: i32 = 256;

/** Rows of A packed at once, a multiple of the tile's; with DEPTH they take 96 KB of a second-level cache. */
const ROWS: i32 = 96;

/** Floats of a matrix B that is read where it is: half a first-level cache. */
const DIRECT: i32 = 4096;

/** Bytes before the packed rows in the working memory: a row of zeros, a padded piece of bias, a tile at the edge. */
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
function paddedColumns(columns: i32): i32 {
  return (columns + TILE_COLUMNS - 1) & ~(TILE_COLUMNS - 1);
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
  const bytes = usize(paddedColumns(columns)) * 4;
  for (let k = 0; k < depth; k += longest) {
    const length = min(longest, depth - k);
    packColumns(b + usize(k) * bStep, bColumn, bStep, columns, length, packed + usize(k) * bytes, first, count);
  }
}

/** A tile that ends beyond the last column: through a tile in the working memory. */
function edgeTile(
  rows: i32,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  depth: i32,
  start: usize,
  startRow: usize,
  c: usize,
  cRow: usize,
  columns: i32,
  edge: usize,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      store<f32>(edge + usize(i * 8 + j) * 4, load<f32>(start + usize(i) * startRow + usize(j) * 4));
    }
  }
  tile(rows, a, aStep, b, bStep, depth, edge, 32, edge, 32);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      store<f32>(c + usize(i) * cRow + usize(j) * 4, load<f32>(edge + usize(i * 8 + j) * 4));
    }
  }
}

/**
 * The rows `first` to `first + count − 1` of C. B is packed (`bStep` 32) or read where it is: `bPanel` is the number of bytes from a
 * panel of 8 columns to the next at k = 0 per k, `bBlock` from one k to the next between blocks.
 */
// @ts-ignore: decorator
@inline
function rowsOf(
  packed: bool,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
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
  const bBlock = packed ? usize(paddedColumns(columns)) * 4 : bStep;
  const rowsPacked = scratch + EDGE;
  v128.store(scratch, f32x4.splat(0)); // what C starts from without a bias
  v128.store(scratch, f32x4.splat(0), 16);
  let k = 0;
  do {
    const length = min(longest, depth - k);
    const bPanel = packed ? usize(length) * 32 : 32;
    for (let i = first; i < first + count; i += ROWS) {
      const rows = min(ROWS, first + count - i);
      packRows(a + usize(i) * aRow + usize(k) * aStep, aRow, aStep, rows, length, rowsPacked);
      for (let j = 0; j < columns; j += TILE_COLUMNS) {
        const panel = b + usize(k) * bBlock + usize(j / TILE_COLUMNS) * bPanel;
        for (let r = 0; r < rows; r += TILE_ROWS) {
          const height = min(TILE_ROWS, rows - r);
          const from = rowsPacked + usize(r) * usize(length) * 4;
          const to = c + usize(i + r) * cRow + usize(j) * 4;
          const start = k > 0 ? to : bias != 0 ? bias + usize(j) * 4 : scratch;
          const startRow = k > 0 ? cRow : 0;
          if (j + TILE_COLUMNS <= columns) {
            tile(height, from, usize(height) * 4, panel, bStep, length, start, startRow, to, cRow);
          } else {
            edgeTile(height, from, usize(height) * 4, panel, bStep, length, start, startRow, to, cRow, columns - j, scratch + 64);
          }
        }
      }
    }
    k += longest;
  } while (k < depth);
}

/** Rows of C from packed panels of B. */
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
  rowsOf(true, a, aRow, aStep, packed, 32, c, columns, depth, bias, scratch, first, count);
}

/** Whole products of a batch, one after the other; op(B) is packed into the working memory after the rows of A. */
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
  const cMatrix = usize(rows) * usize(columns) * 4;
  // columns of B side by side in a small matrix are read where they are
  const direct = bColumn == 4 && columns % TILE_COLUMNS == 0 && columns * depth <= DIRECT;
  const packed = scratch + EDGE + usize(ROWS) * usize(DEPTH) * 4;
  for (let i = first; i < first + count; i++) {
    const left = a + usize(i) * aMatrix;
    const right = b + usize(i) * bMatrix;
    const out = c + usize(i) * cMatrix;
    if (direct) {
      rowsOf(false, left, aRow, aStep, right, bStep, out, columns, depth, bias, scratch, 0, rows);
    } else {
      packPanels(right, bColumn, bStep, columns, depth, packed, 0, paddedColumns(columns) / TILE_COLUMNS);
      rowsOf(true, left, aRow, aStep, packed, 32, out, columns, depth, bias, scratch, 0, rows);
    }
  }
}
