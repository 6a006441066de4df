// The gradients of two rows of a norm side by side, which reads gain, dGain and dBias once for both. For rows whose mean is near 0
// (norm_statistics.ts): Σ g n is taken from Σ g x and Σ g.

import { CRMS, isFar, LAYER } from "./norm_statistics";
import { lane0, lane1, lane2, lane3, loadPart, loadUpTo, multiplyAdd, storePart, sumsOf } from "./simd";

// [Σx, Σx², Σg, Σg x] of the two rows; a function can return one vector only.
let sums0: v128 = f32x4.splat(0);
let sums1: v128 = f32x4.splat(0);

/** Sets the sums of two rows; `gained` is a literal. */
// @ts-ignore: decorator
@inline
function sumAs(gained: bool, dy: usize, x: usize, stride: usize, gain: usize, lanes: i32): void {
  const none = f32x4.splat(0);
  let a = none;
  let aa = none;
  let ag = none;
  let agx = none;
  let b = none;
  let bb = none;
  let bg = none;
  let bgx = none;
  let x1 = x + stride;
  let dy1 = dy + stride;
  let i = 0;
  for (; i + 8 <= lanes; i += 8, x += 32, x1 += 32, dy += 32, dy1 += 32) {
    let w = gained ? v128.load(gain) : none;
    let t = v128.load(x);
    let g = gained ? f32x4.mul(v128.load(dy), w) : v128.load(dy);
    a = f32x4.add(a, t);
    aa = multiplyAdd(t, t, aa);
    ag = f32x4.add(ag, g);
    agx = multiplyAdd(g, t, agx);
    t = v128.load(x1);
    g = gained ? f32x4.mul(v128.load(dy1), w) : v128.load(dy1);
    b = f32x4.add(b, t);
    bb = multiplyAdd(t, t, bb);
    bg = f32x4.add(bg, g);
    bgx = multiplyAdd(g, t, bgx);
    w = gained ? v128.load(gain, 16) : none;
    t = v128.load(x, 16);
    g = gained ? f32x4.mul(v128.load(dy, 16), w) : v128.load(dy, 16);
    a = f32x4.add(a, t);
    aa = multiplyAdd(t, t, aa);
    ag = f32x4.add(ag, g);
    agx = multiplyAdd(g, t, agx);
    t = v128.load(x1, 16);
    g = gained ? f32x4.mul(v128.load(dy1, 16), w) : v128.load(dy1, 16);
    b = f32x4.add(b, t);
    bb = multiplyAdd(t, t, bb);
    bg = f32x4.add(bg, g);
    bgx = multiplyAdd(g, t, bgx);
    if (gained) gain += 32;
  }
  for (; i < lanes; i += 4, x += 16, x1 += 16, dy += 16, dy1 += 16) {
    const left = lanes - i;
    const w = gained ? loadUpTo(gain, left) : none;
    let t = loadUpTo(x, left);
    let g = gained ? f32x4.mul(loadUpTo(dy, left), w) : loadUpTo(dy, left);
    a = f32x4.add(a, t);
    aa = multiplyAdd(t, t, aa);
    ag = f32x4.add(ag, g);
    agx = multiplyAdd(g, t, agx);
    t = loadUpTo(x1, left);
    g = gained ? f32x4.mul(loadUpTo(dy1, left), w) : loadUpTo(dy1, left);
    b = f32x4.add(b, t);
    bb = multiplyAdd(t, t, bb);
    bg = f32x4.add(bg, g);
    bgx = multiplyAdd(g, t, bgx);
    if (gained) gain += 16;
  }
  sums0 = sumsOf(a, aa, ag, agx);
  sums1 = sumsOf(b, bb, bg, bgx);
}

function sumTwo(dy: usize, x: usize, stride: usize, gain: usize, lanes: i32): void {
  if (gain != 0) sumAs(true, dy, x, stride, gain, lanes);
  else sumAs(false, dy, x, stride, gain, lanes);
}

/** Whether these sums of a row do not do. */
function isFarRow(sums: v128, share: f32): bool {
  const mean = f32x4.extract_lane(sums, 0) * share;
  return isFar(f32x4.extract_lane(sums, 1) * share, mean * mean);
}

/** [scale, offset, slope, level]: n = x · scale + offset, dx = (g + n · slope) · scale + level. */
function coefficients(kind: i32, sums: v128, share: f32, eps: f32): v128 {
  const sum = f32x4.extract_lane(sums, 0);
  const gradients = f32x4.extract_lane(sums, 2);
  const mean = sum * share;
  let meanSquare = f32x4.extract_lane(sums, 1) * share;
  if (kind == LAYER) meanSquare -= mean * mean;
  if (kind == CRMS) meanSquare += mean * sum;
  const scale: f32 = 1 / sqrt<f32>(meanSquare + eps);
  const offset: f32 = kind == LAYER ? -mean * scale : 0;
  const along = (scale * f32x4.extract_lane(sums, 3) + offset * gradients) * share;
  let level: f32 = 0;
  if (kind == LAYER) level = -gradients * share * scale;
  if (kind == CRMS) level = -scale * sum * along * scale;
  return f32x4.replace_lane(
    f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(scale), 1, offset), 2, -along),
    3,
    level,
  );
}

// @ts-ignore: decorator
@inline
function valueOf(
  gained: bool,
  d: v128,
  n: v128,
  gain: v128,
  scale: v128,
  slope: v128,
  level: v128,
): v128 {
  return multiplyAdd(multiplyAdd(n, slope, gained ? f32x4.mul(d, gain) : d), scale, level);
}

/** Writes dx (plus `other`) of two rows and adds to dGain and dBias; the first three are literals. */
// @ts-ignore: decorator
@inline
function writeAs(
  gained: bool,
  biased: bool,
  added: bool,
  dy: usize,
  x: usize,
  stride: usize,
  row0: v128,
  row1: v128,
  gain: usize,
  other: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  lanes: i32,
): void {
  const none = f32x4.splat(0);
  const scale0 = lane0(row0);
  const offset0 = lane1(row0);
  const slope0 = lane2(row0);
  const level0 = lane3(row0);
  const scale1 = lane0(row1);
  const offset1 = lane1(row1);
  const slope1 = lane2(row1);
  const level1 = lane3(row1);
  let i = 0;
  for (; i + 4 <= lanes; i += 4) {
    const w = gained ? v128.load(gain) : none;
    const d0 = v128.load(dy);
    const d1 = v128.load(dy + stride);
    const n0 = multiplyAdd(v128.load(x), scale0, offset0);
    const n1 = multiplyAdd(v128.load(x + stride), scale1, offset1);
    const value0 = valueOf(gained, d0, n0, w, scale0, slope0, level0);
    const value1 = valueOf(gained, d1, n1, w, scale1, slope1, level1);
    v128.store(dx, added ? f32x4.add(value0, v128.load(other)) : value0);
    v128.store(dx + stride, added ? f32x4.add(value1, v128.load(other + stride)) : value1);
    if (gained) v128.store(dGain, multiplyAdd(d1, n1, multiplyAdd(d0, n0, v128.load(dGain))));
    if (biased) v128.store(dBias, f32x4.add(f32x4.add(d0, d1), v128.load(dBias)));
    dy += 16;
    x += 16;
    dx += 16;
    if (added) other += 16;
    if (gained) gain += 16;
    if (gained) dGain += 16;
    if (biased) dBias += 16;
  }
  if (i < lanes) {
    const left = lanes - i;
    const w = gained ? loadPart(gain, left) : none;
    const d0 = loadPart(dy, left);
    const d1 = loadPart(dy + stride, left);
    const n0 = multiplyAdd(loadPart(x, left), scale0, offset0);
    const n1 = multiplyAdd(loadPart(x + stride, left), scale1, offset1);
    const value0 = valueOf(gained, d0, n0, w, scale0, slope0, level0);
    const value1 = valueOf(gained, d1, n1, w, scale1, slope1, level1);
    storePart(dx, added ? f32x4.add(value0, loadPart(other, left)) : value0, left);
    const from = other + stride;
    storePart(dx + stride, added ? f32x4.add(value1, loadPart(from, left)) : value1, left);
    // these have room for a whole vector
    if (gained) v128.store(dGain, multiplyAdd(d1, n1, multiplyAdd(d0, n0, v128.load(dGain))));
    if (biased) v128.store(dBias, f32x4.add(f32x4.add(d0, d1), v128.load(dBias)));
  }
}

// @ts-ignore: decorator
@inline
function writeAdded(
  added: bool,
  dy: usize,
  x: usize,
  stride: usize,
  row0: v128,
  row1: v128,
  gain: usize,
  other: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  lanes: i32,
): void {
  if (gain != 0 && dBias != 0) {
    writeAs(true, true, added, dy, x, stride, row0, row1, gain, other, dx, dGain, dBias, lanes);
  } else if (gain != 0) {
    writeAs(true, false, added, dy, x, stride, row0, row1, gain, other, dx, dGain, dBias, lanes);
  } else if (dBias != 0) {
    writeAs(false, true, added, dy, x, stride, row0, row1, gain, other, dx, dGain, dBias, lanes);
  } else {
    writeAs(false, false, added, dy, x, stride, row0, row1, gain, other, dx, dGain, dBias, lanes);
  }
}

function writeTwo(
  dy: usize,
  x: usize,
  stride: usize,
  row0: v128,
  row1: v128,
  gain: usize,
  other: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  lanes: i32,
): void {
  if (other != 0) {
    writeAdded(true, dy, x, stride, row0, row1, gain, other, dx, dGain, dBias, lanes);
  } else {
    writeAdded(false, dy, x, stride, row0, row1, gain, other, dx, dGain, dBias, lanes);
  }
}

/** Two rows, `stride` bytes apart, as `gradientOfRow` does one; or false and nothing where the mean of one is far from 0. */
export function gradientOfTwo(
  kind: i32,
  dy: usize,
  x: usize,
  stride: usize,
  gain: usize,
  other: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  lanes: i32,
  share: f32,
  eps: f32,
): bool {
  sumTwo(dy, x, stride, gain, lanes);
  if (kind == LAYER && (isFarRow(sums0, share) || isFarRow(sums1, share))) return false;
  const row0 = coefficients(kind, sums0, share, eps);
  const row1 = coefficients(kind, sums1, share, eps);
  writeTwo(dy, x, stride, row0, row1, gain, other, dx, dGain, dBias, lanes);
  return true;
}
