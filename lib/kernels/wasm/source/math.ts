// Functions of four floats at once, good to a few units in the last place, and a logarithm. Nothing here reads a table: the module
// has no data.

import { multiplyAdd } from "./simd";

/**
 * Four times a number, for a constant outside functions. V8 makes a literal vector anew at each use, in a loop too; a global is
 * loaded, which takes 0.6 of the time in `exp`. What is added is 0; without it the compiler would make a literal of the global.
 */
export function constant(value: f32): v128 {
  return f32x4.splat(value + f32(memory.size() >>> 17));
}

export const one = constant(1);
const zero = constant(0);
const minusHalf = constant(-0.5);

// what exp computes with
const mostOfExp = constant(89);
const leastOfExp = constant(-87.3);
const perLn2 = constant(1.4426950408889634);
/** 1.5 · 2²³ + 127: a small number added to it is rounded to an integer n, and its lowest bits are those of n + 127. */
const rounding = constant(12583039);
const minusLn2High = constant(-0.693359375);
const minusLn2Low = constant(2.12194440e-4);
/** The polynomial of exp from r² on. */
const power2 = constant(0.4999999403953552);
const power3 = constant(0.1666652113199234);
const power4 = constant(0.04166838899254799);
const power5 = constant(0.0083687175065279);
const power6 = constant(0.0013814596459269524);

/** exp(x): 0 below −87.3, infinite above 88.3. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  // x = n ln 2 + r
  const high = f32x4.pmin(x, mostOfExp);
  const shifted = multiplyAdd(high, perLn2, rounding);
  const n = f32x4.sub(shifted, rounding);
  const r = multiplyAdd(n, minusLn2Low, multiplyAdd(n, minusLn2High, high));
  let p = multiplyAdd(power6, r, power5);
  p = multiplyAdd(p, r, power4);
  p = multiplyAdd(p, r, power3);
  p = multiplyAdd(p, r, power2);
  p = multiplyAdd(p, r, one);
  p = multiplyAdd(p, r, one);
  const power = f32x4.mul(p, i32x4.shl(shifted, 23));
  return v128.andnot(power, f32x4.lt(x, leastOfExp));
}

/** 1 / (1 + exp(−x)) */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** exp(−x²/2) */
// @ts-ignore: decorator
@inline
export function bell(x: v128): v128 {
  return exp(f32x4.mul(f32x4.mul(x, x), minusHalf));
}

// what the tail of the normal distribution is computed with
const spread = constant(0.26);
const tail0 = constant(-7.165547910371082e-6);
const tail1 = constant(0.10390659235765087);
const tail2 = constant(0.10171556191662107);
const tail3 = constant(0.10948107042311594);
const tail4 = constant(0.031208844961719287);
const tail5 = constant(0.20011558209845673);
const tail6 = constant(-0.20080926987511352);
const tail7 = constant(0.2909809859531512);
const tail8 = constant(-0.1705183115960822);
const tail9 = constant(0.03392611202698597);

/** Φ(x), the share of the normal distribution below x, from bell(x): each tail keeps its digits. */
// @ts-ignore: decorator
@inline
export function normalShare(x: v128, bellOfX: v128): v128 {
  // Φ(−|x|) = bell(x) · a polynomial of t = 1 / (1 + 0.26 |x|), fitted to 6e-9
  const t = f32x4.div(one, multiplyAdd(f32x4.abs(x), spread, one));
  let p = multiplyAdd(tail9, t, tail8);
  p = multiplyAdd(p, t, tail7);
  p = multiplyAdd(p, t, tail6);
  p = multiplyAdd(p, t, tail5);
  p = multiplyAdd(p, t, tail4);
  p = multiplyAdd(p, t, tail3);
  p = multiplyAdd(p, t, tail2);
  p = multiplyAdd(p, t, tail1);
  p = multiplyAdd(p, t, tail0);
  const tail = f32x4.mul(bellOfX, p);
  return v128.bitselect(tail, f32x4.sub(one, tail), f32x4.lt(x, zero));
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
