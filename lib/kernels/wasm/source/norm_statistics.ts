// What a norm needs to know of a row: [scale, offset, shift, _], where n = (x − shift) · scale + offset is the row before gain and
// bias.
//
// The variance of LayerNorm is Σt²/D − mean(t)² of t = x − shift. Rows whose mean is within two standard deviations of 0 take
// shift = 0, which loses nothing; others are measured once more with the mean as the shift.

import { firstLanes, loadPart, multiplyAdd, sumsOf } from "./simd";

/** The mean is taken away. */
export const LAYER: i32 = 0;
/** Nothing is taken away. */
export const RMS: i32 = 1;
/** Nothing is taken away, and −Σx counts as one more value. */
export const CRMS: i32 = 2;

/** [Σt, Σt², 0, 0] of t = x − shift. `kind` and `shifted` are literals; RMSNorm needs no Σt. */
// @ts-ignore: decorator
@inline
function sumsOfRow(kind: i32, shifted: bool, x: usize, lanes: i32, shift: f32): v128 {
  const s = f32x4.splat(shift);
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
    if (shifted) t = f32x4.sub(t, s);
    if (shifted) u = f32x4.sub(u, s);
    if (kind != RMS) a = f32x4.add(a, f32x4.add(t, u));
    a2 = multiplyAdd(t, t, a2);
    b2 = multiplyAdd(u, u, b2);
    t = v128.load(x, 32);
    u = v128.load(x, 48);
    if (shifted) t = f32x4.sub(t, s);
    if (shifted) u = f32x4.sub(u, s);
    if (kind != RMS) b = f32x4.add(b, f32x4.add(t, u));
    c2 = multiplyAdd(t, t, c2);
    d2 = multiplyAdd(u, u, d2);
    t = v128.load(x, 64);
    u = v128.load(x, 80);
    if (shifted) t = f32x4.sub(t, s);
    if (shifted) u = f32x4.sub(u, s);
    if (kind != RMS) c = f32x4.add(c, f32x4.add(t, u));
    e2 = multiplyAdd(t, t, e2);
    f2 = multiplyAdd(u, u, f2);
    t = v128.load(x, 96);
    u = v128.load(x, 112);
    if (shifted) t = f32x4.sub(t, s);
    if (shifted) u = f32x4.sub(u, s);
    if (kind != RMS) d = f32x4.add(d, f32x4.add(t, u));
    g2 = multiplyAdd(t, t, g2);
    h2 = multiplyAdd(u, u, h2);
  }
  for (; i < lanes; i += 4, x += 16) {
    const whole = i + 4 <= lanes;
    let t = whole ? v128.load(x) : loadPart(x, lanes - i);
    if (shifted) t = f32x4.sub(t, s);
    if (shifted && !whole) t = v128.and(t, firstLanes(lanes - i));
    if (kind != RMS) a = f32x4.add(a, t);
    a2 = multiplyAdd(t, t, a2);
  }
  const sum = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  const first = f32x4.add(f32x4.add(a2, b2), f32x4.add(c2, d2));
  const last = f32x4.add(f32x4.add(e2, f2), f32x4.add(g2, h2));
  return sumsOf(sum, f32x4.add(first, last), zero, zero);
}

// @ts-ignore: decorator
@inline
function coefficients(scale: f32, offset: f32, shift: f32): v128 {
  return f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(scale), 1, offset), 2, shift);
}

function measureFar(x: usize, lanes: i32, share: f32, eps: f32, shift: f32): v128 {
  const sums = sumsOfRow(LAYER, true, x, lanes, shift);
  const mean = f32x4.extract_lane(sums, 0) * share;
  const variance = max<f32>(f32x4.extract_lane(sums, 1) * share - mean * mean, 0);
  const scale: f32 = 1 / sqrt<f32>(variance + eps);
  return coefficients(scale, -mean * scale, shift);
}

function measureLayer(x: usize, lanes: i32, share: f32, eps: f32): v128 {
  const sums = sumsOfRow(LAYER, false, x, lanes, 0);
  const mean = f32x4.extract_lane(sums, 0) * share;
  const meanSquare = f32x4.extract_lane(sums, 1) * share;
  const square = mean * mean;
  if (square > 0.8 * meanSquare) return measureFar(x, lanes, share, eps, mean);
  const scale: f32 = 1 / sqrt<f32>(meanSquare - square + eps);
  return coefficients(scale, -mean * scale, 0);
}

function measureRms(x: usize, lanes: i32, share: f32, eps: f32): v128 {
  const meanSquare = f32x4.extract_lane(sumsOfRow(RMS, false, x, lanes, 0), 1) * share;
  return coefficients(1 / sqrt<f32>(meanSquare + eps), 0, 0);
}

function measureCrms(x: usize, lanes: i32, share: f32, eps: f32): v128 {
  const sums = sumsOfRow(CRMS, false, x, lanes, 0);
  const sum = f32x4.extract_lane(sums, 0);
  const meanSquare = (f32x4.extract_lane(sums, 1) + sum * sum) * share;
  return coefficients(1 / sqrt<f32>(meanSquare + eps), 0, 0);
}

/** [scale, offset, shift, _] of a row; `share` is what each value counts, 1 / D. */
export function measure(kind: i32, x: usize, lanes: i32, share: f32, eps: f32): v128 {
  if (kind == LAYER) return measureLayer(x, lanes, share, eps);
  return kind == RMS ? measureRms(x, lanes, share, eps) : measureCrms(x, lanes, share, eps);
}
