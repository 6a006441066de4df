// The gradient of one row of a norm, for what norm_gradient_two.ts leaves: rows whose mean is far from 0, and an odd last row.

import { CRMS, LAYER, measure } from "./norm_statistics";
import { lane0, lane1, lane2, loadUpTo, multiplyAdd, storeUpTo, sumsOf } from "./simd";

/** [Σ g n, Σ g, Σ n, 0] of a row that was measured. */
function sumsOfRow(dy: usize, x: usize, row: v128, gain: usize, lanes: i32): v128 {
  const zero = f32x4.splat(0);
  let products = zero;
  let gradients = zero;
  let values = zero;
  for (let i = 0; i < lanes; i += 4) {
    const left = lanes - i;
    const at = usize(i) * 4;
    const centered = f32x4.sub(loadUpTo(x + at, left), lane2(row));
    const n = multiplyAdd(centered, lane0(row), lane1(row));
    let g = loadUpTo(dy + at, left);
    if (gain != 0) g = f32x4.mul(g, loadUpTo(gain + at, left));
    products = multiplyAdd(g, n, products);
    gradients = f32x4.add(gradients, g);
    values = f32x4.add(values, n);
  }
  return sumsOf(products, gradients, values, zero);
}

/** Writes dx, plus `other`, and adds to dGain and dBias, which have room for whole vectors; each address but x and dx may be 0. */
export function gradientOfRow(
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
  const sums = sumsOfRow(dy, x, row, gain, lanes);
  const along = f32x4.extract_lane(sums, 0) * share;
  const mean: f32 = kind == LAYER ? f32x4.extract_lane(sums, 1) * share : 0;
  const total: f32 = kind == CRMS ? f32x4.extract_lane(sums, 2) : 0;
  const slope = f32x4.splat(-along);
  const level = f32x4.splat(-(mean + total * along));
  for (let i = 0; i < lanes; i += 4) {
    const left = lanes - i;
    const at = usize(i) * 4;
    const centered = f32x4.sub(loadUpTo(x + at, left), lane2(row));
    const n = multiplyAdd(centered, lane0(row), lane1(row));
    const d = loadUpTo(dy + at, left);
    const g = gain != 0 ? f32x4.mul(d, loadUpTo(gain + at, left)) : d;
    let value = f32x4.mul(f32x4.add(multiplyAdd(n, slope, g), level), lane0(row));
    if (other != 0) value = f32x4.add(value, loadUpTo(other + at, left));
    storeUpTo(dx + at, value, left);
    if (gain != 0) v128.store(dGain + at, multiplyAdd(d, n, v128.load(dGain + at)));
    if (dBias != 0) v128.store(dBias + at, f32x4.add(d, v128.load(dBias + at)));
  }
}
