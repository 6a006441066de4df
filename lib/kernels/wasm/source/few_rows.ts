// Products with only a few rows, where packing B would cost more than the product: B is read where it is, once for each row.

import { multiplyAdd, sumOf } from "./simd";

/** More rows than this are worth packing B. */
export const FEW_ROWS: i32 = 8;

/** Whether `multiplyFew` can do it: the factors run along k together, or B along its columns. */
export function isFew(rows: i32, aStep: usize, bColumn: usize): bool {
  return rows <= FEW_ROWS && (bColumn == 4 || aStep == 4);
}

/** The columns `first` to `first + count − 1` of C = op(A) · op(B) + bias; strides as in product.ts. */
export function multiplyFew(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bColumn: usize,
  bStep: usize,
  c: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  bias: usize,
  first: i32,
  count: i32,
): void {
  const end = first + count;
  for (let i = 0; i < rows; i++) {
    const row = a + usize(i) * aRow;
    const out = c + usize(i) * usize(columns) * 4;
    let j = first;
    if (bColumn == 4) {
      for (; j + 32 <= end; j += 32) {
        const at = usize(j) * 4;
        columns32(row, aStep, b + at, bStep, depth, bias == 0 ? 0 : bias + at, out + at);
      }
      for (; j + 4 <= end; j += 4) {
        const at = usize(j) * 4;
        columns4(row, aStep, b + at, bStep, depth, bias == 0 ? 0 : bias + at, out + at);
      }
    }
    for (; j < end; j++) {
      const at = usize(j) * 4;
      const from = b + usize(j) * bColumn;
      const sum = aStep == 4 && bStep == 4
        ? dot(row, from, depth)
        : stridedDot(row, aStep, from, bStep, depth);
      store<f32>(out + at, bias == 0 ? sum : sum + load<f32>(bias + at));
    }
  }
}

/** 32 columns of a row, as a sum of rows of B. */
function columns32(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  depth: i32,
  bias: usize,
  c: usize,
): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let c6 = c0;
  let c7 = c0;
  if (bias != 0) {
    c0 = v128.load(bias);
    c1 = v128.load(bias, 16);
    c2 = v128.load(bias, 32);
    c3 = v128.load(bias, 48);
    c4 = v128.load(bias, 64);
    c5 = v128.load(bias, 80);
    c6 = v128.load(bias, 96);
    c7 = v128.load(bias, 112);
  }
  for (; depth > 0; depth--) {
    const value = v128.load32_splat(a);
    c0 = multiplyAdd(value, v128.load(b), c0);
    c1 = multiplyAdd(value, v128.load(b, 16), c1);
    c2 = multiplyAdd(value, v128.load(b, 32), c2);
    c3 = multiplyAdd(value, v128.load(b, 48), c3);
    c4 = multiplyAdd(value, v128.load(b, 64), c4);
    c5 = multiplyAdd(value, v128.load(b, 80), c5);
    c6 = multiplyAdd(value, v128.load(b, 96), c6);
    c7 = multiplyAdd(value, v128.load(b, 112), c7);
    a += aStep;
    b += bStep;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
  v128.store(c, c4, 64);
  v128.store(c, c5, 80);
  v128.store(c, c6, 96);
  v128.store(c, c7, 112);
}

function columns4(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  depth: i32,
  bias: usize,
  c: usize,
): void {
  let sum = bias == 0 ? f32x4.splat(0) : v128.load(bias);
  for (; depth > 0; depth--) {
    sum = multiplyAdd(v128.load32_splat(a), v128.load(b), sum);
    a += aStep;
    b += bStep;
  }
  v128.store(c, sum);
}

/** Σ a·b of two contiguous vectors. */
function dot(a: usize, b: usize, depth: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let k = 0;
  for (; k + 16 <= depth; k += 16) {
    s0 = multiplyAdd(v128.load(a), v128.load(b), s0);
    s1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), s1);
    s2 = multiplyAdd(v128.load(a, 32), v128.load(b, 32), s2);
    s3 = multiplyAdd(v128.load(a, 48), v128.load(b, 48), s3);
    a += 64;
    b += 64;
  }
  const sum = sumOf(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  return sum + stridedDot(a, 4, b, 4, depth - k);
}

function stridedDot(a: usize, aStep: usize, b: usize, bStep: usize, depth: i32): f32 {
  let sum: f32 = 0;
  for (; depth > 0; depth--) {
    sum += load<f32>(a) * load<f32>(b);
    a += aStep;
    b += bStep;
  }
  return sum;
}
