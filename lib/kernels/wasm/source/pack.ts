// Copies parts of A and B into the order in which the tiles read them: panels of rows of A and of columns of B, one k after
// the other.

import { TILE_COLUMNS, TILE_ROWS } from "./tile";

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 { // a0 b0 a1 b1
  return v128.shuffle<f32>(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 { // a2 b2 a3 b3
  return v128.shuffle<f32>(a, b, 2, 6, 3, 7);
}

// @ts-ignore: decorator
@inline
function halves(a: v128, b: v128): v128 { // a0 a1 b0 b1
  return v128.shuffle<f32>(a, b, 0, 1, 4, 5);
}

// @ts-ignore: decorator
@inline
function otherHalves(a: v128, b: v128): v128 { // a2 a3 b2 b3
  return v128.shuffle<f32>(a, b, 2, 3, 6, 7);
}

/** A 4 × 4 block, `row` bytes from one row to the next, to columns `step` bytes apart. */
// @ts-ignore: decorator
@inline
function transpose4(from: usize, row: usize, to: usize, step: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + row);
  const r2 = v128.load(from + 2 * row);
  const r3 = v128.load(from + 3 * row);
  const low01 = low(r0, r1);
  const low23 = low(r2, r3);
  const high01 = high(r0, r1);
  const high23 = high(r2, r3);
  v128.store(to, halves(low01, low23));
  v128.store(to + step, otherHalves(low01, low23));
  v128.store(to + 2 * step, halves(high01, high23));
  v128.store(to + 3 * step, otherHalves(high01, high23));
}

/** Any block, number by number: `lanes` of each k, padded with zeros to `width`. */
function packAny(
  from: usize,
  lane: usize,
  step: usize,
  lanes: i32,
  depth: i32,
  to: usize,
  width: i32,
): void {
  for (let k = 0; k < depth; k++) {
    for (let i = 0; i < width; i++) {
      const value: f32 = i < lanes ? load<f32>(from + usize(i) * lane) : 0;
      store<f32>(to, value);
      to += 4;
    }
    from += step;
  }
}

/** Six rows of A, each contiguous in k. */
function packSixRows(from: usize, row: usize, depth: i32, to: usize): void {
  let k = 0;
  for (; k + 4 <= depth; k += 4) {
    transpose4(from, row, to, 24);
    const r4 = v128.load(from + 4 * row);
    const r5 = v128.load(from + 5 * row);
    const first = low(r4, r5);
    const last = high(r4, r5);
    v128.store64_lane(to, first, 0, 16);
    v128.store64_lane(to, first, 1, 40);
    v128.store64_lane(to, last, 0, 64);
    v128.store64_lane(to, last, 1, 88);
    from += 16;
    to += 96;
  }
  packAny(from, row, 4, 6, depth - k, to, 6);
}

/** Panels of up to 6 rows of op(A), the last with what is left, not padded. */
export function packRows(
  from: usize,
  row: usize,
  step: usize,
  rows: i32,
  depth: i32,
  to: usize,
): void {
  const full = rows - rows % TILE_ROWS;
  const panel = usize(depth) * TILE_ROWS * 4;
  if (row == 4) {
    // transposed: read each k once, write to all panels
    for (let k = 0; k < depth; k++) {
      const source = from + usize(k) * step;
      let target = to + usize(k) * TILE_ROWS * 4;
      for (let i = 0; i < full; i += TILE_ROWS) {
        v128.store(target, v128.load(source + usize(i) * 4));
        v128.store64_lane(target, v128.load64_zero(source + usize(i) * 4, 16), 0, 16);
        target += panel;
      }
    }
  } else {
    for (let i = 0; i < full; i += TILE_ROWS) {
      packSixRows(from + usize(i) * row, row, depth, to + usize(i / TILE_ROWS) * panel);
    }
  }
  if (full < rows) {
    const left = rows - full;
    const target = to + usize(full / TILE_ROWS) * panel;
    packAny(from + usize(full) * row, row, step, left, depth, target, left);
  }
}

/** Panels of 8 columns of op(B), from the panel `first`; the last one is padded with zeros. */
export function packColumns(
  from: usize,
  column: usize,
  step: usize,
  columns: i32,
  depth: i32,
  to: usize,
  first: i32,
  count: i32,
): void {
  const panel = usize(depth) * TILE_COLUMNS * 4;
  for (let p = first; p < first + count; p++) {
    const left = columns - p * TILE_COLUMNS;
    const source = from + usize(p) * TILE_COLUMNS * column;
    const target = to + usize(p) * panel;
    if (left < TILE_COLUMNS) {
      packAny(source, column, step, left, depth, target, TILE_COLUMNS);
    } else if (column == 4) {
      packEightColumns(source, step, depth, target);
    } else {
      packEightRows(source, column, depth, target);
    }
  }
}

/** Eight columns of B, side by side in memory. */
function packEightColumns(from: usize, step: usize, depth: i32, to: usize): void {
  for (let k = 0; k < depth; k++) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    from += step;
    to += 32;
  }
}

/** Eight columns of B transposed, each contiguous in k. */
function packEightRows(from: usize, column: usize, depth: i32, to: usize): void {
  let k = 0;
  for (; k + 4 <= depth; k += 4) {
    transpose4(from, column, to, 32);
    transpose4(from + 4 * column, column, to + 16, 32);
    from += 16;
    to += 128;
  }
  packAny(from, column, 4, 8, depth - k, to, 8);
}
