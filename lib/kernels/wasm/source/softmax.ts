// What softmaxes of rows are made of, shared by attention and the loss.

import { exp } from "./math";
import { firstLanes, loadPart, multiplyAdd, storePart, sumOf } from "./simd";

/** The largest of scale · x; NaN is passed over. */
export function largest(x: usize, scale: f32, count: i32): f32 {
  const factor = f32x4.splat(scale);
  let high0 = f32x4.splat(-Infinity);
  let high1 = high0;
  for (; count >= 8; count -= 8, x += 32) {
    high0 = f32x4.pmax(high0, f32x4.mul(v128.load(x), factor));
    high1 = f32x4.pmax(high1, f32x4.mul(v128.load(x, 16), factor));
  }
  high0 = f32x4.pmax(high0, high1);
  for (; count >= 4; count -= 4, x += 16) {
    high0 = f32x4.pmax(high0, f32x4.mul(v128.load(x), factor));
  }
  let high: f32 = -Infinity;
  for (; count > 0; count--, x += 4) {
    const value = scale * load<f32>(x);
    if (value > high) high = value;
  }
  high = max<f32>(high, max<f32>(f32x4.extract_lane(high0, 0), f32x4.extract_lane(high0, 1)));
  return max<f32>(high, max<f32>(f32x4.extract_lane(high0, 2), f32x4.extract_lane(high0, 3)));
}

/** p = exp(scale · x − high), where p is not 0; returns Σ exp(scale · x − high). */
// @ts-ignore: decorator
@inline
export function powers(x: usize, scale: f32, high: f32, p: usize, count: i32): f32 {
  const factor = f32x4.splat(scale);
  const offset = f32x4.splat(-high);
  let sum = f32x4.splat(0);
  for (; count >= 4; count -= 4, x += 16) {
    const power = exp(multiplyAdd(v128.load(x), factor, offset));
    sum = f32x4.add(sum, power);
    if (p != 0) {
      v128.store(p, power);
      p += 16;
    }
  }
  if (count > 0) {
    const power = exp(multiplyAdd(loadPart(x, count), factor, offset));
    sum = f32x4.add(sum, v128.and(power, firstLanes(count)));
    if (p != 0) storePart(p, power, count);
  }
  return sumOf(sum);
}

/** p = factor · p */
export function multiplyBy(p: usize, factor: f32, count: i32): void {
  const factors = f32x4.splat(factor);
  for (; count >= 4; count -= 4, p += 16) v128.store(p, f32x4.mul(v128.load(p), factors));
  for (; count > 0; count--, p += 4) store<f32>(p, load<f32>(p) * factor);
}
