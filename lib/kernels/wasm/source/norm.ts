// The norms of rows: y = ((x − shift) · scale + offset) · gain + bias. Rows are measured, then written while they lie in the
// first-level cache: four at a time, or one by one where their mean is far from 0.

import { normFour } from "./norm_four";
import { measure } from "./norm_statistics";
import { lane0, lane1, lane2, loadUpTo, multiplyAdd, storeUpTo } from "./simd";

/** Bytes up to which rows are taken four at a time; what comes from memory flows better row by row. */
const CACHED: usize = 8 << 20;

/** n · gain + bias, as far as there are any; `gained` and `biased` are literals. */
// @ts-ignore: decorator
@inline
function scaled(gained: bool, biased: bool, n: v128, gain: v128, bias: v128): v128 {
  if (gained && biased) return multiplyAdd(n, gain, bias);
  if (gained) return f32x4.mul(n, gain);
  return biased ? f32x4.add(n, bias) : n;
}

/** One vector of the row before gain and bias; `shifted` is a literal. */
// @ts-ignore: decorator
@inline
function normalized(shifted: bool, x: v128, scale: v128, offset: v128, shift: v128): v128 {
  return multiplyAdd(shifted ? f32x4.sub(x, shift) : x, scale, offset);
}

// @ts-ignore: decorator
@inline
function writeAs(
  shifted: bool,
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
  for (; i + 16 <= lanes; i += 16, x += 64, y += 64) {
    let n = normalized(shifted, v128.load(x), scale, offset, shift);
    let g = gained ? v128.load(gain) : none;
    let b = biased ? v128.load(bias) : none;
    v128.store(y, scaled(gained, biased, n, g, b));
    n = normalized(shifted, v128.load(x, 16), scale, offset, shift);
    g = gained ? v128.load(gain, 16) : none;
    b = biased ? v128.load(bias, 16) : none;
    v128.store(y, scaled(gained, biased, n, g, b), 16);
    n = normalized(shifted, v128.load(x, 32), scale, offset, shift);
    g = gained ? v128.load(gain, 32) : none;
    b = biased ? v128.load(bias, 32) : none;
    v128.store(y, scaled(gained, biased, n, g, b), 32);
    n = normalized(shifted, v128.load(x, 48), scale, offset, shift);
    g = gained ? v128.load(gain, 48) : none;
    b = biased ? v128.load(bias, 48) : none;
    v128.store(y, scaled(gained, biased, n, g, b), 48);
    if (gained) gain += 64;
    if (biased) bias += 64;
  }
  for (; i < lanes; i += 4, x += 16, y += 16) {
    const left = lanes - i;
    const n = normalized(shifted, loadUpTo(x, left), scale, offset, shift);
    const g = gained ? loadUpTo(gain, left) : none;
    const b = biased ? loadUpTo(bias, left) : none;
    storeUpTo(y, scaled(gained, biased, n, g, b), left);
    if (gained) gain += 16;
    if (biased) bias += 16;
  }
}

// @ts-ignore: decorator
@inline
function writeShifted(
  shifted: bool,
  x: usize,
  row: v128,
  gain: usize,
  bias: usize,
  y: usize,
  lanes: i32,
): void {
  if (gain != 0 && bias != 0) writeAs(shifted, true, true, x, row, gain, bias, y, lanes);
  else if (gain != 0) writeAs(shifted, true, false, x, row, gain, bias, y, lanes);
  else if (bias != 0) writeAs(shifted, false, true, x, row, gain, bias, y, lanes);
  else writeAs(shifted, false, false, x, row, gain, bias, y, lanes);
}

function writeRow(x: usize, row: v128, gain: usize, bias: usize, y: usize, lanes: i32): void {
  if (f32x4.extract_lane(row, 2) == 0) writeShifted(false, x, row, gain, bias, y, lanes);
  else writeShifted(true, x, row, gain, bias, y, lanes);
}

/** total = alpha · x + branch */
function add(x: usize, branch: usize, alpha: f32, total: usize, count: i32): void {
  const factor = f32x4.splat(alpha);
  let i = 0;
  for (; i + 16 <= count; i += 16, x += 64, branch += 64, total += 64) {
    v128.store(total, multiplyAdd(v128.load(x), factor, v128.load(branch)));
    v128.store(total, multiplyAdd(v128.load(x, 16), factor, v128.load(branch, 16)), 16);
    v128.store(total, multiplyAdd(v128.load(x, 32), factor, v128.load(branch, 32)), 32);
    v128.store(total, multiplyAdd(v128.load(x, 48), factor, v128.load(branch, 48)), 48);
  }
  for (; i < count; i += 4, x += 16, branch += 16, total += 16) {
    const left = count - i;
    storeUpTo(total, multiplyAdd(loadUpTo(x, left), factor, loadUpTo(branch, left)), left);
  }
}

/** The rows of y = norm(x) from x and y on; at most four. */
function normRows(
  kind: i32,
  x: usize,
  gain: usize,
  bias: usize,
  y: usize,
  width: i32,
  lanes: i32,
  share: f32,
  eps: f32,
  rows: i32,
  cached: bool,
): void {
  const stride = usize(width) * 4;
  const all = cached && rows == 4;
  const done = all && normFour(kind, x, gain, bias, y, stride, lanes, share, eps);
  for (let i = 0; i < rows; i++, x += stride, y += stride) {
    if (!done) writeRow(x, measure(kind, x, lanes, share, eps), gain, bias, y, lanes);
    if (lanes < width) store<f32>(y + usize(lanes) * 4, 0);
  }
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
  const cached = usize(count) * stride <= CACHED;
  const end = first + count;
  for (let i = first; i < end; i += 4) {
    const at = usize(i) * stride;
    const rows = min(4, end - i);
    normRows(kind, x + at, gain, bias, y + at, width, lanes, share, eps, rows, cached);
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
  const cached = usize(count) * stride <= CACHED;
  const end = first + count;
  for (let i = first; i < end; i += 4) {
    const at = usize(i) * stride;
    const rows = min(4, end - i);
    add(x + at, branch + at, alpha, total + at, rows * width);
    normRows(kind, total + at, gain, bias, y + at, width, lanes, share, eps, rows, cached);
  }
}
