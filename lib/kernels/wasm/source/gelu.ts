// GELU, exact or by tanh, and its gradient.

import { bell, constant, normalShare, one, sigmoid } from "./math";
import { loadPart, multiplyAdd, storePart } from "./simd";

/** 2 √(2/π) */
const scale: f32 = 1.5957691216057308;
const cubic: f32 = 0.044715;

const linearFactor = constant(scale);
const cubicFactor = constant(cubic * scale);
const cubicSlope = constant(3 * cubic * scale);

// beyond these the slope is 1 or 0, and x³ would become infinite
const mostOfSlope = constant(30);
const leastOfSlope = constant(-30);

/** The height of the normal density at 0, 1 / √(2π). */
const height = constant(0.3989422804014327);

/** The share σ(2 √(2/π) (x + 0.044715 x³)) that stands for Φ(x). */
// @ts-ignore: decorator
@inline
function tanhShare(x: v128): v128 {
  const square = f32x4.mul(x, x);
  const factor = multiplyAdd(square, cubicFactor, linearFactor);
  return sigmoid(f32x4.mul(x, factor));
}

// @ts-ignore: decorator
@inline
function valueOf(byTanh: bool, x: v128): v128 {
  return f32x4.mul(x, byTanh ? tanhShare(x) : normalShare(x, bell(x)));
}

// @ts-ignore: decorator
@inline
function slopeOf(byTanh: bool, x: v128): v128 {
  if (!byTanh) {
    const bellOfX = bell(x);
    return multiplyAdd(x, f32x4.mul(bellOfX, height), normalShare(x, bellOfX));
  }
  x = f32x4.max(f32x4.min(x, mostOfSlope), leastOfSlope);
  const square = f32x4.mul(x, x);
  const share = tanhShare(x);
  const rest = f32x4.mul(share, f32x4.sub(one, share));
  const inner = multiplyAdd(square, cubicSlope, linearFactor);
  return multiplyAdd(f32x4.mul(x, inner), rest, share);
}

// @ts-ignore: decorator
@inline
function values(byTanh: bool, x: usize, y: usize, count: i32): void {
  for (; count >= 4; count -= 4, x += 16, y += 16) {
    v128.store(y, valueOf(byTanh, v128.load(x)));
  }
  if (count > 0) storePart(y, valueOf(byTanh, loadPart(x, count)), count);
}

// @ts-ignore: decorator
@inline
function gradients(byTanh: bool, dy: usize, x: usize, dx: usize, count: i32): void {
  for (; count >= 4; count -= 4, dy += 16, x += 16, dx += 16) {
    v128.store(dx, f32x4.mul(v128.load(dy), slopeOf(byTanh, v128.load(x))));
  }
  if (count > 0) {
    storePart(dx, f32x4.mul(loadPart(dy, count), slopeOf(byTanh, loadPart(x, count))), count);
  }
}

/** y = GELU(x), exact or by tanh. */
export function gelu(exact: bool, x: usize, y: usize, count: i32): void {
  if (exact) values(false, x, y, count);
  else values(true, x, y, count);
}

/** dx = dy ⊙ GELU′(x) */
export function geluGradient(exact: bool, dy: usize, x: usize, dx: usize, count: i32): void {
  if (exact) gradients(false, dy, x, dx, count);
  else gradients(true, dy, x, dx, count);
}
