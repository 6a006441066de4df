// The norms of rows: y = ((x − shift) · scale + offset) · gain + bias. Each row is measured, then written while it lies in the
// first-level cache.

import { measure } from "./norm_statistics";
import { lane0, lane1, lane2, loadPart, multiplyAdd, storePart } from "./simd";

/** n · gain + bias, as far as there are any; `gained` and `biased` are literals. */
// @ts-ignore: decorator
@inline
function scaled(gained: bool, biased: bool, n: v128, gain: v128, bias: v128): v128 {
  if (gained && biased) return multiplyAdd(n, gain, bias);
  if (gained) return f32x4.mul(n, gain);
  return biased ? f32x4.add(n, bias) : n;
}

// @ts-ignore: decorator
@inline
function writeAs(
  gained: bool,
  biased: bool,
  x: usize,
  row: v128,
  gain: usize,
  bias: usize,
  y: usize,
  lanes: i32,
): void {
  const none = f32x4.splat(0);
  const scale = lane0(row);
  const offset = lane1(row);
  const shift = lane2(row);
  let i = 0;
  for (; i + 4 <= lanes; i += 4, x += 16, y += 16) {
    const n = multiplyAdd(f32x4.sub(v128.load(x), shift), scale, offset);
    const g = gained ? v128.load(gain) : none;
    const b = biased ? v128.load(bias) : none;
    v128.store(y, scaled(gained, biased, n, g, b));
    if (gained) gain += 16;
    if (biased) bias += 16;
  }
  if (i < lanes) {
    const left = lanes - i;
    const n = multiplyAdd(f32x4.sub(loadPart(x, left), shift), scale, offset);
    const g = gained ? loadPart(gain, left) : none;
    const b = biased ? loadPart(bias, left) : none;
    storePart(y, scaled(gained, biased, n, g, b), left);
  }
}

function writeRow(x: usize, row: v128, gain: usize, bias: usize, y: usize, lanes: i32): void {
  if (gain != 0 && bias != 0) writeAs(true, true, x, row, gain, bias, y, lanes);
  else if (gain != 0) writeAs(true, false, x, row, gain, bias, y, lanes);
  else if (bias != 0) writeAs(false, true, x, row, gain, bias, y, lanes);
  else writeAs(false, false, x, row, gain, bias, y, lanes);
}

/** total = alpha · x + branch */
function addRow(x: usize, branch: usize, alpha: f32, total: usize, width: i32): void {
  const factor = f32x4.splat(alpha);
  let i = 0;
  for (; i + 4 <= width; i += 4, x += 16, branch += 16, total += 16) {
    v128.store(total, multiplyAdd(v128.load(x), factor, v128.load(branch)));
  }
  if (i < width) {
    const left = width - i;
    storePart(total, multiplyAdd(loadPart(x, left), factor, loadPart(branch, left)), left);
  }
}

// @ts-ignore: decorator
@inline
function normRow(
  kind: i32,
  x: usize,
  gain: usize,
  bias: usize,
  y: usize,
  width: i32,
  lanes: i32,
  share: f32,
  eps: f32,
): void {
  writeRow(x, measure(kind, x, lanes, share, eps), gain, bias, y, lanes);
  if (lanes < width) store<f32>(y + usize(lanes) * 4, 0);
}

/**
 * The rows `first` to `first + count − 1` of y = norm(x). Of each row's `width` values `lanes` count, all or all but the last, and
 * each of them as `share` = 1 / D; `gain` and `bias` are 0 where there are none.
 */
export function norm(
  kind: i32,
  x: usize,
  gain: usize,
  bias: usize,
  y: usize,
  width: i32,
  lanes: i32,
  share: f32,
  eps: f32,
  first: i32,
  count: i32,
): void {
  const stride = usize(width) * 4;
  const end = usize(first + count) * stride;
  for (let at = usize(first) * stride; at < end; at += stride) {
    normRow(kind, x + at, gain, bias, y + at, width, lanes, share, eps);
  }
}

/** The same rows of total = alpha · x + branch and of y = norm(total). */
export function addNorm(
  kind: i32,
  x: usize,
  branch: usize,
  alpha: f32,
  gain: usize,
  bias: usize,
  total: usize,
  y: usize,
  width: i32,
  lanes: i32,
  share: f32,
  eps: f32,
  first: i32,
  count: i32,
): void {
  const stride = usize(width) * 4;
  const end = usize(first + count) * stride;
  for (let at = usize(first) * stride; at < end; at += stride) {
    addRow(x + at, branch + at, alpha, total + at, width);
    normRow(kind, total + at, gain, bias, y + at, width, lanes, share, eps);
  }
}
