// Element by element: a multiple, a combination of two, and the sum of products.

import { multiplyAdd, sumOf } from "./simd";

/** Floats whose products are added in float32 before the sum goes on in float64. */
const BLOCK: i32 = 2048;

/** y = a · x */
export function scale(x: usize, a: f32, y: usize, count: i32): void {
  const factor = f32x4.splat(a);
  let i = 0;
  for (; i + 16 <= count; i += 16, x += 64, y += 64) {
    v128.store(y, f32x4.mul(v128.load(x), factor));
    v128.store(y, f32x4.mul(v128.load(x, 16), factor), 16);
    v128.store(y, f32x4.mul(v128.load(x, 32), factor), 32);
    v128.store(y, f32x4.mul(v128.load(x, 48), factor), 48);
  }
  for (; i < count; i++, x += 4, y += 4) store<f32>(y, load<f32>(x) * a);
}

/** z = a · x + b · y */
export function combine(x: usize, a: f32, y: usize, b: f32, z: usize, count: i32): void {
  const left = f32x4.splat(a);
  const right = f32x4.splat(b);
  let i = 0;
  for (; i + 8 <= count; i += 8, x += 32, y += 32, z += 32) {
    v128.store(z, multiplyAdd(v128.load(x), left, f32x4.mul(v128.load(y), right)));
    v128.store(z, multiplyAdd(v128.load(x, 16), left, f32x4.mul(v128.load(y, 16), right)), 16);
  }
  for (; i < count; i++, x += 4, y += 4, z += 4) {
    store<f32>(z, load<f32>(x) * a + load<f32>(y) * b);
  }
}

/** The float64 number at `sum` = Σ x ⊙ y */
export function dot(x: usize, y: usize, sum: usize, count: i32): void {
  let total: f64 = 0;
  let i = 0;
  while (i + 16 <= count) {
    const end = min(count - 15, i + BLOCK);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; i < end; i += 16, x += 64, y += 64) {
      s0 = multiplyAdd(v128.load(x), v128.load(y), s0);
      s1 = multiplyAdd(v128.load(x, 16), v128.load(y, 16), s1);
      s2 = multiplyAdd(v128.load(x, 32), v128.load(y, 32), s2);
      s3 = multiplyAdd(v128.load(x, 48), v128.load(y, 48), s3);
    }
    total += f64(sumOf(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))));
  }
  for (; i < count; i++, x += 4, y += 4) total += f64(load<f32>(x)) * f64(load<f32>(y));
  store<f64>(sum, total);
}
