// Functions of four floats at once, good to a few units in the last place, and a logarithm. Nothing here reads a table: the module
// has no data.

import { multiplyAdd } from "./simd";

// @ts-ignore: decorator
@inline
function times(value: v128, factor: v128, plus: f32): v128 {
  return multiplyAdd(value, factor, f32x4.splat(plus));
}

/** exp(x): 0 below −87.3, infinite above 88.3. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  // x = n ln 2 + r; adding 1.5 · 2²³ leaves n in the low bits
  const high = f32x4.pmin(x, f32x4.splat(89));
  const shifted = times(high, f32x4.splat(1.4426950408889634), 12582912);
  const n = f32x4.sub(shifted, f32x4.splat(12582912));
  let r = multiplyAdd(n, f32x4.splat(-0.693359375), high);
  r = multiplyAdd(n, f32x4.splat(2.12194440e-4), r);
  let p = times(f32x4.splat(0.0013814596459269524), r, 0.0083687175065279);
  p = times(p, r, 0.04166838899254799);
  p = times(p, r, 0.1666652113199234);
  p = times(p, r, 0.4999999403953552);
  p = times(p, r, 1);
  p = times(p, r, 1);
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3f800000));
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, f32x4.splat(-87.3)));
}

/** 1 / (1 + exp(−x)) */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** exp(−x²/2) */
// @ts-ignore: decorator
@inline
export function bell(x: v128): v128 {
  return exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

/** Φ(x), the share of the normal distribution below x, from bell(x): each tail keeps its digits. */
// @ts-ignore: decorator
@inline
export function normalShare(x: v128, bellOfX: v128): v128 {
  const one = f32x4.splat(1);
  // Φ(−|x|) = bell(x) · a polynomial of t = 1 / (1 + 0.26 |x|), fitted to 6e-9
  const t = f32x4.div(one, times(f32x4.abs(x), f32x4.splat(0.26), 1));
  let p = times(f32x4.splat(0.03392611202698597), t, -0.1705183115960822);
  p = times(p, t, 0.2909809859531512);
  p = times(p, t, -0.20080926987511352);
  p = times(p, t, 0.20011558209845673);
  p = times(p, t, 0.031208844961719287);
  p = times(p, t, 0.10948107042311594);
  p = times(p, t, 0.10171556191662107);
  p = times(p, t, 0.10390659235765087);
  p = times(p, t, -7.165547910371082e-6);
  const tail = f32x4.mul(bellOfX, p);
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, f32x4.splat(0)));
}

/** The natural logarithm of a positive number. */
export function logarithm(x: f64): f64 {
  if (!(x < Infinity)) return x;
  // x = 2ᵉ m with m between √½ and √2; log m = 2 artanh((m − 1) / (m + 1))
  const bits = reinterpret<i64>(x) - reinterpret<i64>(0.7071067811865476);
  const e = bits >> 52;
  const m = reinterpret<f64>(reinterpret<i64>(x) - (e << 52));
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum: f64 = 0;
  for (let k = 19; k > 0; k -= 2) sum = sum * square + 1 / f64(k);
  return f64(e) * 0.6931471805599453 + 2 * s * sum;
}
