// Sums of chosen rows in a given order: the gradient of looking rows up.

import { loadPart, storePart } from "./simd";

/** Rows that are added up before they join the total: it keeps the rounding small. */
const BLOCK: i32 = 256;

/** One vector: Σ of the rows order[start] to order[end − 1] of x; `left` floats of it where that is less than 4. */
// @ts-ignore: decorator
@inline
function sumOfRows(x: usize, stride: usize, order: usize, start: i32, end: i32, left: i32): v128 {
  let total = f32x4.splat(0);
  while (start < end) {
    let sum = f32x4.splat(0);
    const stop = min(start + BLOCK, end);
    for (; start < stop; start++) {
      const from = x + usize(load<i32>(order + usize(start) * 4)) * stride;
      sum = f32x4.add(sum, left >= 4 ? v128.load(from) : loadPart(from, left));
    }
    total = f32x4.add(total, sum);
  }
  return total;
}

/** The rows `first` to `first + count − 1` of the sums: row v is Σ x[order[k]] for starts[v] ≤ k < starts[v + 1]. */
export function scatterRows(
  x: usize,
  order: usize,
  starts: usize,
  sums: usize,
  width: i32,
  first: i32,
  count: i32,
): void {
  const stride = usize(width) * 4;
  for (let row = first; row < first + count; row++) {
    const start = load<i32>(starts + usize(row) * 4);
    const end = load<i32>(starts + usize(row) * 4, 4);
    const to = sums + usize(row) * stride;
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      const at = usize(i) * 4;
      v128.store(to + at, sumOfRows(x + at, stride, order, start, end, 4));
    }
    if (i < width) {
      const at = usize(i) * 4;
      storePart(to + at, sumOfRows(x + at, stride, order, start, end, width - i), width - i);
    }
  }
}
