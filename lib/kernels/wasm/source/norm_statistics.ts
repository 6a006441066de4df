// What a norm needs to know of a row: [scale, offset, shift, _], where n = (x − shift) · scale + offset is the row before gain and
// bias.
//
// The variance of LayerNorm is Σt²/D − mean(t)² of t = x − shift. Rows whose mean is within two standard deviations of 0 take
// shift = 0, which loses nothing; others are measured once more with the mean as the shift, and so are those whose Σt² is infinite:
// that of x − mean may not be, and where it is, the scale is 0 rather than NaN.

import { firstLanes, loadPart, multiplyAdd, sumsOf } from "./simd";

/** The mean is taken away. */
export const LAYER: i32 = 0;
/** Nothing is taken away. */
export const RMS: i32 = 1;
/** Nothing is taken away, and −Σx counts as one more value. */
export const CRMS: i32 = 2;

/** Of a row whose mean is two standard deviations from 0: mean² / (mean of x²). */
export const FAR: f32 = 0.8;

/** Whether a row is to be measured once more, from the mean of its squares and the square of its mean. */
// @ts-ignore: decorator
@inline
export function isFar(meanSquare: f32, square: f32): bool {
  return square > FAR * meanSquare || meanSquare == f32(Infinity);
}

/** [Σx, Σx², 0, 0]; where `summed`, a literal, is false, Σx is left out. */
// @ts-ignore: decorator
@inline
function sumsOfRow(summed: bool, x: usize, lanes: i32): v128 {
  const zero = f32x4.splat(0);
  let a = zero;
  let b = zero;
  let c = zero;
  let d = zero;
  let a2 = zero;
  let b2 = zero;
  let c2 = zero;
  let d2 = zero;
  let e2 = zero;
  let f2 = zero;
  let g2 = zero;
  let h2 = zero;
  let i = 0;
  for (; i + 32 <= lanes; i += 32, x += 128) {
    let t = v128.load(x);
    let u = v128.load(x, 16);
    if (summed) a = f32x4.add(a, f32x4.add(t, u));
    a2 = multiplyAdd(t, t, a2);
    b2 = multiplyAdd(u, u, b2);
    t = v128.load(x, 32);
    u = v128.load(x, 48);
    if (summed) b = f32x4.add(b, f32x4.add(t, u));
    c2 = multiplyAdd(t, t, c2);
    d2 = multiplyAdd(u, u, d2);
    t = v128.load(x, 64);
    u = v128.load(x, 80);
    if (summed) c = f32x4.add(c, f32x4.add(t, u));
    e2 = multiplyAdd(t, t, e2);
    f2 = multiplyAdd(u, u, f2);
    t = v128.load(x, 96);
    u = v128.load(x, 112);
    if (summed) d = f32x4.add(d, f32x4.add(t, u));
    g2 = multiplyAdd(t, t, g2);
    h2 = multiplyAdd(u, u, h2);
  }
  for (; i < lanes; i += 4, x += 16) {
    const t = i + 4 <= lanes ? v128.load(x) : loadPart(x, lanes - i);
    if (summed) a = f32x4.add(a, t);
    a2 = multiplyAdd(t, t, a2);
  }
  const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  const first = f32x4.add(f32x4.add(a2, b2), f32x4.add(c2, d2));
  const last = f32x4.add(f32x4.add(e2, f2), f32x4.add(g2, h2));
  return sumsOf(sum, f32x4.add(first, last), zero, zero);
}

// @ts-ignore: decorator
@inline
function row(scale: f32, offset: f32, shift: f32): v128 {
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(scale), 1, offset), 2, shift);
}

/** The row's mean far from 0 as its shift: the sums are taken once more. */
function measureFar(x: usize, lanes: i32, share: f32, eps: f32, shift: f32): v128 {
  const zero = f32x4.splat(0);
  const s = f32x4.splat(shift);
  let sum = zero;
  let square = zero;
  for (let i = 0; i < lanes; i += 4, x += 16) {
    const whole = i + 4 <= lanes;
    let t = f32x4.sub(whole ? v128.load(x) : loadPart(x, lanes - i), s);
    if (!whole) t = v128.and(t, firstLanes(lanes - i));
    sum = f32x4.add(sum, t);
    square = multiplyAdd(t, t, square);
  }
  const sums = sumsOf(sum, square, zero, zero);
  const mean = f32x4.extract_lane(sums, 0) * share;
  const variance = max<f32>(f32x4.extract_lane(sums, 1) * share - mean * mean, 0);
  const scale: f32 = 1 / sqrt<f32>(variance + eps);
  return row(scale, -mean * scale, shift);
}

/** What is known of a row once Σx and Σx² are; `share` is what each value counts, 1 / D. */
// @ts-ignore: decorator
@inline
function rowOf(
  kind: i32,
  sum: f32,
  squares: f32,
  x: usize,
  lanes: i32,
  share: f32,
  eps: f32,
): v128 {
  const mean = sum * share;
  if (kind != LAYER) {
    const completed = kind == CRMS ? squares + sum * sum : squares;
    return row(1 / sqrt<f32>(completed * share + eps), 0, 0);
  }
  const meanSquare = squares * share;
  const square = mean * mean;
  if (isFar(meanSquare, square)) return measureFar(x, lanes, share, eps, mean);
  const scale: f32 = 1 / sqrt<f32>(meanSquare - square + eps);
  return row(scale, -mean * scale, 0);
}

/** What the norm of a row needs. */
export function measure(kind: i32, x: usize, lanes: i32, share: f32, eps: f32): v128 {
  const sums = kind == RMS ? sumsOfRow(false, x, lanes) : sumsOfRow(true, x, lanes);
  return rowOf(
    kind,
    f32x4.extract_lane(sums, 0),
    f32x4.extract_lane(sums, 1),
    x,
    lanes,
    share,
    eps,
  );
}
