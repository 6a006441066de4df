// A step of AdamW: everything of one parameter in one pass.

import { loadPart, multiplyAdd, storePart } from "./simd";

/** p' = kept · p − rate · m' / (correction · √v' + eps), once the new moments are known. */
// @ts-ignore: decorator
@inline
function advance(p: v128, m: v128, v: v128, kept: v128, rate: v128, correction: v128, eps: v128): v128 {
  const root = multiplyAdd(f32x4.sqrt(v), correction, eps);
  return f32x4.sub(f32x4.mul(kept, p), f32x4.div(f32x4.mul(rate, m), root));
}

/** new = decay · old + share · value */
// @ts-ignore: decorator
@inline
function moved(old: v128, decay: v128, value: v128, share: v128): v128 {
  return multiplyAdd(decay, old, f32x4.mul(share, value));
}

/**
 * New values of a parameter and its moments. Each gradient is multiplied by `scale` first; `kept` is 1 − rate · decay, and `rate` and
 * `correction` hold the bias corrections.
 */
export function adamW(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  newP: usize,
  newM: usize,
  newV: usize,
  count: i32,
  scale: f32,
  kept: f32,
  decay1: f32,
  share1: f32,
  decay2: f32,
  share2: f32,
  rate: f32,
  correction: f32,
  eps: f32,
): void {
  const s = f32x4.splat(scale);
  const k = f32x4.splat(kept);
  const d1 = f32x4.splat(decay1);
  const s1 = f32x4.splat(share1);
  const d2 = f32x4.splat(decay2);
  const s2 = f32x4.splat(share2);
  const r = f32x4.splat(rate);
  const c = f32x4.splat(correction);
  const e = f32x4.splat(eps);
  for (; count >= 4; count -= 4) {
    const gradient = f32x4.mul(v128.load(g), s);
    const first = moved(v128.load(m), d1, gradient, s1);
    const second = moved(v128.load(v), d2, f32x4.mul(gradient, gradient), s2);
    v128.store(newM, first);
    v128.store(newV, second);
    v128.store(newP, advance(v128.load(p), first, second, k, r, c, e));
    p += 16;
    g += 16;
    m += 16;
    v += 16;
    newP += 16;
    newM += 16;
    newV += 16;
  }
  if (count > 0) {
    const gradient = f32x4.mul(loadPart(g, count), s);
    const first = moved(loadPart(m, count), d1, gradient, s1);
    const second = moved(loadPart(v, count), d2, f32x4.mul(gradient, gradient), s2);
    storePart(newM, first, count);
    storePart(newV, second, count);
    storePart(newP, advance(loadPart(p, count), first, second, k, r, c, e), count);
  }
}
