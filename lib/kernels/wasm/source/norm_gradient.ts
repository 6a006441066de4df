// The gradients of the norms. With g = dy ⊙ gain and n the row before gain and bias,
//   dx = scale · (g − mean − (n + total) · along),   dGain = Σ dy ⊙ n,   dBias = Σ dy  (sums over rows),
// where `along` is Σ g n / D, `mean` is Σ g / D for LayerNorm and else 0, `total` is Σ n for CRMSNorm and else 0.

import { CRMS, LAYER, rowOf } from "./norm_statistics";
import { lane0, lane1, lane2, loadUpTo, multiplyAdd, storeUpTo, sumOf, sumsOf } from "./simd";

/** Rows whose gradients to gain and bias are added up before they join the total: it keeps the rounding small. */
const BLOCK: i32 = 128;

/** [Σx, Σx², Σg, Σg x] of a row; `gained` is a literal. */
// @ts-ignore: decorator
@inline
function sumsAs(gained: bool, dy: usize, x: usize, gain: usize, lanes: i32): v128 {
  let a = f32x4.splat(0);
  let b = a;
  let a2 = a;
  let b2 = a;
  let ag = a;
  let bg = a;
  let agx = a;
  let bgx = a;
  let i = 0;
  for (; i + 8 <= lanes; i += 8, dy += 32, x += 32) {
    let value = v128.load(x);
    let g = v128.load(dy);
    if (gained) g = f32x4.mul(g, v128.load(gain));
    a = f32x4.add(a, value);
    a2 = multiplyAdd(value, value, a2);
    ag = f32x4.add(ag, g);
    agx = multiplyAdd(g, value, agx);
    value = v128.load(x, 16);
    g = v128.load(dy, 16);
    if (gained) g = f32x4.mul(g, v128.load(gain, 16));
    b = f32x4.add(b, value);
    b2 = multiplyAdd(value, value, b2);
    bg = f32x4.add(bg, g);
    bgx = multiplyAdd(g, value, bgx);
    if (gained) gain += 32;
  }
  for (; i < lanes; i += 4, dy += 16, x += 16) {
    const left = lanes - i;
    const value = loadUpTo(x, left);
    let g = loadUpTo(dy, left);
    if (gained) g = f32x4.mul(g, loadUpTo(gain, left));
    a = f32x4.add(a, value);
    a2 = multiplyAdd(value, value, a2);
    ag = f32x4.add(ag, g);
    agx = multiplyAdd(g, value, agx);
    if (gained) gain += 16;
  }
  return sumsOf(f32x4.add(a, b), f32x4.add(a2, b2), f32x4.add(ag, bg), f32x4.add(agx, bgx));
}

/** Σ g (x − shift) of a row whose mean is far from 0; `gain` may be 0: none. */
function productFar(dy: usize, x: usize, gain: usize, lanes: i32, shift: f32): f32 {
  const s = f32x4.splat(shift);
  let sum = f32x4.splat(0);
  for (let i = 0; i < lanes; i += 4, dy += 16, x += 16) {
    const left = lanes - i;
    let g = loadUpTo(dy, left);
    if (gain != 0) g = f32x4.mul(g, loadUpTo(gain + usize(i) * 4, left));
    sum = multiplyAdd(g, f32x4.sub(loadUpTo(x, left), s), sum);
  }
  return sumOf(sum);
}

/** What a row's gradient is made of, in vectors of equal numbers. */
// @ts-ignore: decorator
@inline
function gradientOf(
  g: v128,
  n: v128,
  slope: v128,
  scale: v128,
  level: v128,
): v128 {
  return multiplyAdd(multiplyAdd(n, slope, g), scale, level);
}

/** Writes dx (plus `other`, where there is one) and adds to dGain and dBias; the first three are literals. */
// @ts-ignore: decorator
@inline
function writeAs(
  gained: bool,
  biased: bool,
  added: bool,
  dy: usize,
  x: usize,
  row: v128,
  slope: f32,
  level: f32,
  gain: usize,
  other: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  lanes: i32,
): void {
  const scale = lane0(row);
  const offset = lane1(row);
  const shift = lane2(row);
  const slopes = f32x4.splat(slope);
  const levels = f32x4.splat(level);
  let i = 0;
  for (; i + 8 <= lanes; i += 8) {
    let d = v128.load(dy);
    let n = multiplyAdd(f32x4.sub(v128.load(x), shift), scale, offset);
    let value = gradientOf(gained ? f32x4.mul(d, v128.load(gain)) : d, n, slopes, scale, levels);
    v128.store(dx, added ? f32x4.add(value, v128.load(other)) : value);
    if (gained) v128.store(dGain, multiplyAdd(d, n, v128.load(dGain)));
    if (biased) v128.store(dBias, f32x4.add(d, v128.load(dBias)));
    d = v128.load(dy, 16);
    n = multiplyAdd(f32x4.sub(v128.load(x, 16), shift), scale, offset);
    value = gradientOf(gained ? f32x4.mul(d, v128.load(gain, 16)) : d, n, slopes, scale, levels);
    v128.store(dx, added ? f32x4.add(value, v128.load(other, 16)) : value, 16);
    if (gained) v128.store(dGain, multiplyAdd(d, n, v128.load(dGain, 16)), 16);
    if (biased) v128.store(dBias, f32x4.add(d, v128.load(dBias, 16)), 16);
    dy += 32;
    x += 32;
    dx += 32;
    if (added) other += 32;
    if (gained) gain += 32;
    if (gained) dGain += 32;
    if (biased) dBias += 32;
  }
  for (; i < lanes; i += 4) {
    const left = lanes - i;
    const d = loadUpTo(dy, left);
    const n = multiplyAdd(f32x4.sub(loadUpTo(x, left), shift), scale, offset);
    const g = gained ? f32x4.mul(d, loadUpTo(gain, left)) : d;
    const value = gradientOf(g, n, slopes, scale, levels);
    storeUpTo(dx, added ? f32x4.add(value, loadUpTo(other, left)) : value, left);
    // these have room for a whole vector
    if (gained) v128.store(dGain, multiplyAdd(d, n, v128.load(dGain)));
    if (biased) v128.store(dBias, f32x4.add(d, v128.load(dBias)));
    dy += 16;
    x += 16;
    dx += 16;
    if (added) other += 16;
    if (gained) gain += 16;
    if (gained) dGain += 16;
    if (biased) dBias += 16;
  }
}

// @ts-ignore: decorator
@inline
function writeRow(
  added: bool,
  dy: usize,
  x: usize,
  row: v128,
  slope: f32,
  level: f32,
  gain: usize,
  other: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  lanes: i32,
): void {
  if (gain != 0 && dBias != 0) {
    writeAs(true, true, added, dy, x, row, slope, level, gain, other, dx, dGain, dBias, lanes);
  } else if (gain != 0) {
    writeAs(true, false, added, dy, x, row, slope, level, gain, other, dx, dGain, dBias, lanes);
  } else if (dBias != 0) {
    writeAs(false, true, added, dy, x, row, slope, level, gain, other, dx, dGain, dBias, lanes);
  } else {
    writeAs(false, false, added, dy, x, row, slope, level, gain, other, dx, dGain, dBias, lanes);
  }
}

function gradientRow(
  kind: i32,
  dy: usize,
  x: usize,
  gain: usize,
  other: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  lanes: i32,
  share: f32,
  eps: f32,
): void {
  const sums = gain != 0 ? sumsAs(true, dy, x, gain, lanes) : sumsAs(false, dy, x, gain, lanes);
  const sum = f32x4.extract_lane(sums, 0);
  const gradients = f32x4.extract_lane(sums, 2);
  let products = f32x4.extract_lane(sums, 3);
  const row = rowOf(kind, sum, f32x4.extract_lane(sums, 1), x, lanes, share, eps);
  const scale = f32x4.extract_lane(row, 0);
  const shift = f32x4.extract_lane(row, 2);
  if (shift != 0) products = productFar(dy, x, gain, lanes, shift);
  const along = (scale * products + f32x4.extract_lane(row, 1) * gradients) * share;
  const mean: f32 = kind == LAYER ? gradients * share : 0;
  const total: f32 = kind == CRMS ? scale * sum : 0;
  const level = -(mean + total * along) * scale;
  if (other != 0) {
    writeRow(true, dy, x, row, -along, level, gain, other, dx, dGain, dBias, lanes);
  } else {
    writeRow(false, dy, x, row, -along, level, gain, other, dx, dGain, dBias, lanes);
  }
}

/** sums += block, block = 0; both are whole vectors. */
function moveInto(sums: usize, block: usize, floats: i32): void {
  for (let i = 0; i < floats; i += 4, sums += 16, block += 16) {
    v128.store(sums, f32x4.add(v128.load(sums), v128.load(block)));
    v128.store(block, f32x4.splat(0));
  }
}

/**
 * The rows `first` to `first + count − 1` of dx, plus those of `other` unless that is 0, and into `sums` these rows' part of dGain
 * and dBias: two vectors of `width` floats rounded up to whole vectors, then as much working memory.
 */
export function normGradient(
  kind: i32,
  dy: usize,
  x: usize,
  gain: usize, // 0: none
  biased: bool,
  other: usize,
  dx: usize,
  sums: usize,
  width: i32,
  lanes: i32,
  share: f32,
  eps: f32,
  first: i32,
  count: i32,
): void {
  const stride = usize(width) * 4;
  const floats = (width + 3) & ~3;
  const block = sums + usize(floats) * 8;
  const dBias = biased ? block + usize(floats) * 4 : 0;
  memory.fill(sums, 0, usize(floats) * 16);
  for (let i = first; i < first + count; i++) {
    const at = usize(i) * stride;
    const also = other != 0 ? other + at : 0;
    gradientRow(kind, dy + at, x + at, gain, also, dx + at, block, dBias, lanes, share, eps);
    if (lanes < width) {
      const last = usize(lanes) * 4;
      store<f32>(dx + at + last, also != 0 ? load<f32>(also + last) : 0);
    }
    if ((i - first) % BLOCK == BLOCK - 1) moveInto(sums, block, 2 * floats);
  }
  moveInto(sums, block, 2 * floats);
}

/** to = Σ over `parts` vectors of `width` floats, `step` bytes apart. */
export function addParts(from: usize, step: usize, parts: i32, to: usize, width: i32): void {
  for (let i = 0; i < width; i++, from += 4, to += 4) {
    let sum: f32 = 0;
    for (let part = 0; part < parts; part++) sum += load<f32>(from + usize(part) * step);
    store<f32>(to, sum);
  }
}
