// The innermost loop of the matrix product: a tile of up to 6 rows and 8 columns of C, held in registers (12 vectors of C, 2 of B
// and 1 of A: all that x64 has). One function for each number of rows, made from the same text.

import { multiplyAdd } from "./simd";

/** The rows of a full tile. */
export const TILE_ROWS: i32 = 6;

/** The columns of a tile. */
export const TILE_COLUMNS: i32 = 8;

// @ts-ignore: decorator
@inline
function tileOf(
  rows: i32, // a literal: what does not concern it is left out at compile time
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  depth: i32,
  start: usize,
  startRow: usize,
  c: usize,
  cRow: usize,
): void {
  let l0 = v128.load(start);
  let r0 = v128.load(start, 16);
  let l1 = f32x4.splat(0);
  let r1 = l1;
  let l2 = l1;
  let r2 = l1;
  let l3 = l1;
  let r3 = l1;
  let l4 = l1;
  let r4 = l1;
  let l5 = l1;
  let r5 = l1;
  if (rows > 1) {
    start += startRow;
    l1 = v128.load(start);
    r1 = v128.load(start, 16);
  }
  if (rows > 2) {
    start += startRow;
    l2 = v128.load(start);
    r2 = v128.load(start, 16);
  }
  if (rows > 3) {
    start += startRow;
    l3 = v128.load(start);
    r3 = v128.load(start, 16);
  }
  if (rows > 4) {
    start += startRow;
    l4 = v128.load(start);
    r4 = v128.load(start, 16);
  }
  if (rows > 5) {
    start += startRow;
    l5 = v128.load(start);
    r5 = v128.load(start, 16);
  }
  for (; depth > 0; depth--) {
    const left = v128.load(b);
    const right = v128.load(b, 16);
    let value = v128.load32_splat(a);
    l0 = multiplyAdd(value, left, l0);
    r0 = multiplyAdd(value, right, r0);
    if (rows > 1) {
      value = v128.load32_splat(a, 4);
      l1 = multiplyAdd(value, left, l1);
      r1 = multiplyAdd(value, right, r1);
    }
    if (rows > 2) {
      value = v128.load32_splat(a, 8);
      l2 = multiplyAdd(value, left, l2);
      r2 = multiplyAdd(value, right, r2);
    }
    if (rows > 3) {
      value = v128.load32_splat(a, 12);
      l3 = multiplyAdd(value, left, l3);
      r3 = multiplyAdd(value, right, r3);
    }
    if (rows > 4) {
      value = v128.load32_splat(a, 16);
      l4 = multiplyAdd(value, left, l4);
      r4 = multiplyAdd(value, right, r4);
    }
    if (rows > 5) {
      value = v128.load32_splat(a, 20);
      l5 = multiplyAdd(value, left, l5);
      r5 = multiplyAdd(value, right, r5);
    }
    a += aStep;
    b += bStep;
  }
  v128.store(c, l0);
  v128.store(c, r0, 16);
  if (rows > 1) {
    c += cRow;
    v128.store(c, l1);
    v128.store(c, r1, 16);
  }
  if (rows > 2) {
    c += cRow;
    v128.store(c, l2);
    v128.store(c, r2, 16);
  }
  if (rows > 3) {
    c += cRow;
    v128.store(c, l3);
    v128.store(c, r3, 16);
  }
  if (rows > 4) {
    c += cRow;
    v128.store(c, l4);
    v128.store(c, r4, 16);
  }
  if (rows > 5) {
    c += cRow;
    v128.store(c, l5);
    v128.store(c, r5, 16);
  }
}

/**
 * One tile: C = start + A · B.
 *
 * `aStep` and `bStep` are the bytes from one k to the next; the rows of A and the columns of B lie side by side. `startRow` and
 * `cRow` are the bytes from one row to the next: 0 where every row starts from the same values (zeros, or a bias).
 */
export function tile(
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
): void {
  if (rows == 6) tileOf(6, a, aStep, b, bStep, depth, start, startRow, c, cRow);
  else if (rows == 5) tileOf(5, a, aStep, b, bStep, depth, start, startRow, c, cRow);
  else if (rows == 4) tileOf(4, a, aStep, b, bStep, depth, start, startRow, c, cRow);
  else if (rows == 3) tileOf(3, a, aStep, b, bStep, depth, start, startRow, c, cRow);
  else if (rows == 2) tileOf(2, a, aStep, b, bStep, depth, start, startRow, c, cRow);
  else tileOf(1, a, aStep, b, bStep, depth, start, startRow, c, cRow);
}
