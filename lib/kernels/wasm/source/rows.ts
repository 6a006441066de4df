// Rows moved as they are: looked up by number, or in another order of the axes before them.

import { loadPart, storePart } from "./simd";

// @ts-ignore: decorator
@inline
function copyRow(from: usize, to: usize, width: i32): void {
  let i = 0;
  for (; i + 8 <= width; i += 8, from += 32, to += 32) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
  }
  for (; i + 4 <= width; i += 4, from += 16, to += 16) v128.store(to, v128.load(from));
  if (i < width) storePart(to, loadPart(from, width - i), width - i);
}

/** The rows `first` to `first + count − 1` of y [ids, width]: row i is the row ids[i] of x. */
export function gatherRows(
  x: usize,
  ids: usize,
  y: usize,
  width: i32,
  first: i32,
  count: i32,
): void {
  const bytes = usize(width) * 4;
  for (let i = first; i < first + count; i++) {
    const id = load<i32>(ids + usize(i) * 4);
    copyRow(x + usize(id) * bytes, y + usize(i) * bytes, width);
  }
}

/**
 * The groups `first` to `first + count − 1` of y [outer · middle, inner, width], a group being all rows of the inner axis;
 * `outerStep`, `middleStep` and `innerStep` are the bytes in x from one index of an axis to the next.
 */
export function permuteRows(
  x: usize,
  y: usize,
  middle: i32,
  inner: i32,
  width: i32,
  outerStep: usize,
  middleStep: usize,
  innerStep: usize,
  first: i32,
  count: i32,
): void {
  const bytes = usize(width) * 4;
  let to = y + usize(first) * usize(inner) * bytes;
  for (let group = first; group < first + count; group++) {
    let from = x + usize(group / middle) * outerStep + usize(group % middle) * middleStep;
    for (let i = 0; i < inner; i++, from += innerStep, to += bytes) copyRow(from, to, width);
  }
}
