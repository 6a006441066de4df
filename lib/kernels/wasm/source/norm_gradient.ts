// The gradients of the norms. With g = dy ⊙ gain and n the row before gain and bias,
//   dx = scale · (g − mean − (n + total) · along),   dGain = Σ dy ⊙ n,   dBias = Σ dy  (sums over rows),
// where `along` is Σ g n / D, `mean` is Σ g / D for LayerNorm and else 0, `total` is Σ n for CRMSNorm and else 0.

import { CRMS, LAYER, measure } from "./norm_statistics";
import { lane0, lane1, lane2, loadPart, multiplyAdd, storePart, sumsOf } from "./simd";

/** Rows whose gradients to gain and bias are added up before they join the total: it keeps the rounding small. */
const BLOCK: i32 = 128;

/** [Σ g n, Σ g, Σ n, 0] of a row. */
// @ts-ignore: decorator
@inline
function sumsAs(gained: bool, dy: usize, x: usize, row: v128, gain: usize, lanes: i32): v128 {
  const zero = f32x4.splat(0);
  const scale = lane0(row);
  const offset = lane1(row);
  const shift = lane2(row);
  let products0 = zero;
  let products1 = zero;
  let gradients0 = zero;
  let gradients1 = zero;
  let values0 = zero;
  let values1 = zero;
  let i = 0;
  for (; i + 8 <= lanes; i += 8, dy += 32, x += 32) {
    const n0 = multiplyAdd(f32x4.sub(v128.load(x), shift), scale, offset);
    const n1 = multiplyAdd(f32x4.sub(v128.load(x, 16), shift), scale, offset);
    let g0 = v128.load(dy);
    let g1 = v128.load(dy, 16);
    if (gained) {
      g0 = f32x4.mul(g0, v128.load(gain));
      g1 = f32x4.mul(g1, v128.load(gain, 16));
      gain += 32;
    }
    products0 = multiplyAdd(g0, n0, products0);
    products1 = multiplyAdd(g1, n1, products1);
    gradients0 = f32x4.add(gradients0, g0);
    gradients1 = f32x4.add(gradients1, g1);
    values0 = f32x4.add(values0, n0);
    values1 = f32x4.add(values1, n1);
  }
  for (; i < lanes; i += 4, dy += 16, x += 16) {
    const left = min(4, lanes - i);
    const value = left == 4 ? v128.load(x) : loadPart(x, left);
    let n = multiplyAdd(f32x4.sub(value, shift), scale, offset);
    let g = left == 4 ? v128.load(dy) : loadPart(dy, left);
    if (gained) {
      g = f32x4.mul(g, left == 4 ? v128.load(gain) : loadPart(gain, left));
      gain += 16;
    }
    products0 = multiplyAdd(g, n, products0);
    gradients0 = f32x4.add(gradients0, g);
    values0 = f32x4.add(values0, n);
  }
  return sumsOf(
    f32x4.add(products0, products1),
    f32x4.add(gradients0, gradients1),
    f32x4.add(values0, values1),
    zero,
  );
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
  for (let i = 0; i < lanes; i += 4) {
    const left = lanes - i;
    const whole = left >= 4;
    const n = multiplyAdd(f32x4.sub(whole ? v128.load(x) : loadPart(x, left), shift), scale, offset);
    const d = whole ? v128.load(dy) : loadPart(dy, left);
    let g = d;
    if (gained) {
      g = f32x4.mul(d, whole ? v128.load(gain) : loadPart(gain, left));
      // the sums have room for a whole vector
      v128.store(dGain, multiplyAdd(d, n, v128.load(dGain)));
      gain += 16;
      dGain += 16;
    }
    if (biased) {
      v128.store(dBias, f32x4.add(d, v128.load(dBias)));
      dBias += 16;
    }
    let value = multiplyAdd(multiplyAdd(n, slopes, g), scale, levels);
    if (added) {
      value = f32x4.add(value, whole ? v128.load(other) : loadPart(other, left));
      other += 16;
    }
    if (whole) v128.store(dx, value);
    else storePart(dx, value, left);
    dy += 16;
    x += 16;
    dx += 16;
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
  const row = measure(kind, x, lanes, share, eps);
  const sums = gain != 0
    ? sumsAs(true, dy, x, row, gain, lanes)
    : sumsAs(false, dy, x, row, gain, lanes);
  const along = f32x4.extract_lane(sums, 0) * share;
  const mean: f32 = kind == LAYER ? f32x4.extract_lane(sums, 1) * share : 0;
  const total: f32 = kind == CRMS ? f32x4.extract_lane(sums, 2) : 0;
  const level = -(mean + total * along) * f32x4.extract_lane(row, 0);
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
