// Four rows of a norm side by side: their statistics fill one vector, and gain and bias are read once for all of them. For rows
// whose mean is near 0 (norm_statistics.ts), which need no shift.

import { CRMS, FAR, LAYER, RMS } from "./norm_statistics";
import { lane0, lane1, lane2, lane3, loadUpTo, multiplyAdd, storeUpTo, sumsOf } from "./simd";

// What measureFour finds for the four rows; a function can return one vector only.
let scales: v128 = f32x4.splat(0);
let offsets: v128 = f32x4.splat(0);

// @ts-ignore: decorator
@inline
function measureAs(
  kind: i32,
  x: usize,
  stride: usize,
  lanes: i32,
  share: f32,
  eps: f32,
): bool {
  const zero = f32x4.splat(0);
  let a = zero;
  let b = zero;
  let c = zero;
  let d = zero;
  let a2 = zero;
  let b2 = zero;
  let c2 = zero;
  let d2 = zero;
  let e2 = zero;
  let f2 = zero;
  let g2 = zero;
  let h2 = zero;
  let x1 = x + stride;
  let x2 = x1 + stride;
  let x3 = x2 + stride;
  let i = 0;
  for (; i + 8 <= lanes; i += 8) {
    let t = v128.load(x);
    let u = v128.load(x, 16);
    if (kind != RMS) a = f32x4.add(a, f32x4.add(t, u));
    a2 = multiplyAdd(t, t, a2);
    e2 = multiplyAdd(u, u, e2);
    t = v128.load(x1);
    u = v128.load(x1, 16);
    if (kind != RMS) b = f32x4.add(b, f32x4.add(t, u));
    b2 = multiplyAdd(t, t, b2);
    f2 = multiplyAdd(u, u, f2);
    t = v128.load(x2);
    u = v128.load(x2, 16);
    if (kind != RMS) c = f32x4.add(c, f32x4.add(t, u));
    c2 = multiplyAdd(t, t, c2);
    g2 = multiplyAdd(u, u, g2);
    t = v128.load(x3);
    u = v128.load(x3, 16);
    if (kind != RMS) d = f32x4.add(d, f32x4.add(t, u));
    d2 = multiplyAdd(t, t, d2);
    h2 = multiplyAdd(u, u, h2);
    x += 32;
    x1 += 32;
    x2 += 32;
    x3 += 32;
  }
  for (; i < lanes; i += 4, x += 16, x1 += 16, x2 += 16, x3 += 16) {
    const left = lanes - i;
    let t = loadUpTo(x, left);
    a = f32x4.add(a, t);
    a2 = multiplyAdd(t, t, a2);
    t = loadUpTo(x1, left);
    b = f32x4.add(b, t);
    b2 = multiplyAdd(t, t, b2);
    t = loadUpTo(x2, left);
    c = f32x4.add(c, t);
    c2 = multiplyAdd(t, t, c2);
    t = loadUpTo(x3, left);
    d = f32x4.add(d, t);
    d2 = multiplyAdd(t, t, d2);
  }
  const sum = sumsOf(a, b, c, d);
  const mean = f32x4.mul(sum, f32x4.splat(share));
  const squares = f32x4.add(sumsOf(a2, b2, c2, d2), sumsOf(e2, f2, g2, h2));
  let meanSquare = f32x4.mul(squares, f32x4.splat(share));
  if (kind == LAYER) {
    const square = f32x4.mul(mean, mean);
    const far = v128.or(
      f32x4.gt(square, f32x4.mul(meanSquare, f32x4.splat(FAR))),
      f32x4.eq(meanSquare, f32x4.splat(Infinity)),
    );
    if (v128.any_true(far)) return false;
    meanSquare = f32x4.sub(meanSquare, square);
  }
  if (kind == CRMS) meanSquare = multiplyAdd(mean, sum, meanSquare);
  scales = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(meanSquare, f32x4.splat(eps))));
  offsets = kind == LAYER ? f32x4.neg(f32x4.mul(mean, scales)) : zero;
  return true;
}

/** Whether all four rows are near 0; their scales and offsets are known then. */
function measureFour(
  kind: i32,
  x: usize,
  stride: usize,
  lanes: i32,
  share: f32,
  eps: f32,
): bool {
  if (kind == LAYER) return measureAs(LAYER, x, stride, lanes, share, eps);
  if (kind == RMS) return measureAs(RMS, x, stride, lanes, share, eps);
  return measureAs(CRMS, x, stride, lanes, share, eps);
}

// @ts-ignore: decorator
@inline
function valueOf(
  gained: bool,
  biased: bool,
  x: v128,
  scale: v128,
  offset: v128,
  gain: v128,
  bias: v128,
): v128 {
  const n = multiplyAdd(x, scale, offset);
  if (gained && biased) return multiplyAdd(n, gain, bias);
  if (gained) return f32x4.mul(n, gain);
  return biased ? f32x4.add(n, bias) : n;
}

/** A cache line, four vectors, of one row. */
// @ts-ignore: decorator
@inline
function writeLine(
  gained: bool,
  biased: bool,
  x: usize,
  y: usize,
  scale: v128,
  offset: v128,
  g0: v128,
  g1: v128,
  g2: v128,
  g3: v128,
  b0: v128,
  b1: v128,
  b2: v128,
  b3: v128,
): void {
  v128.store(y, valueOf(gained, biased, v128.load(x), scale, offset, g0, b0));
  v128.store(y, valueOf(gained, biased, v128.load(x, 16), scale, offset, g1, b1), 16);
  v128.store(y, valueOf(gained, biased, v128.load(x, 32), scale, offset, g2, b2), 32);
  v128.store(y, valueOf(gained, biased, v128.load(x, 48), scale, offset, g3, b3), 48);
}

/** The four rows that were measured; `gained` and `biased` are literals. */
// @ts-ignore: decorator
@inline
function writeAs(
  gained: bool,
  biased: bool,
  x: usize,
  stride: usize,
  gain: usize,
  bias: usize,
  y: usize,
  lanes: i32,
): void {
  const none = f32x4.splat(0);
  const s = scales;
  const o = offsets;
  let i = 0;
  for (; i + 16 <= lanes; i += 16, x += 64, y += 64) {
    const g0 = gained ? v128.load(gain) : none;
    const g1 = gained ? v128.load(gain, 16) : none;
    const g2 = gained ? v128.load(gain, 32) : none;
    const g3 = gained ? v128.load(gain, 48) : none;
    const b0 = biased ? v128.load(bias) : none;
    const b1 = biased ? v128.load(bias, 16) : none;
    const b2 = biased ? v128.load(bias, 32) : none;
    const b3 = biased ? v128.load(bias, 48) : none;
    let from = x;
    let to = y;
    writeLine(gained, biased, from, to, lane0(s), lane0(o), g0, g1, g2, g3, b0, b1, b2, b3);
    from += stride;
    to += stride;
    writeLine(gained, biased, from, to, lane1(s), lane1(o), g0, g1, g2, g3, b0, b1, b2, b3);
    from += stride;
    to += stride;
    writeLine(gained, biased, from, to, lane2(s), lane2(o), g0, g1, g2, g3, b0, b1, b2, b3);
    from += stride;
    to += stride;
    writeLine(gained, biased, from, to, lane3(s), lane3(o), g0, g1, g2, g3, b0, b1, b2, b3);
    if (gained) gain += 64;
    if (biased) bias += 64;
  }
  for (; i < lanes; i += 4, x += 16, y += 16) {
    const left = lanes - i;
    const g = gained ? loadUpTo(gain, left) : none;
    const b = biased ? loadUpTo(bias, left) : none;
    let from = x;
    let to = y;
    storeUpTo(to, valueOf(gained, biased, loadUpTo(from, left), lane0(s), lane0(o), g, b), left);
    from += stride;
    to += stride;
    storeUpTo(to, valueOf(gained, biased, loadUpTo(from, left), lane1(s), lane1(o), g, b), left);
    from += stride;
    to += stride;
    storeUpTo(to, valueOf(gained, biased, loadUpTo(from, left), lane2(s), lane2(o), g, b), left);
    from += stride;
    to += stride;
    storeUpTo(to, valueOf(gained, biased, loadUpTo(from, left), lane3(s), lane3(o), g, b), left);
    if (gained) gain += 16;
    if (biased) bias += 16;
  }
}

/** Four rows of y = norm(x), `stride` bytes apart, or false and nothing where the mean of one is far from 0. */
export function normFour(
  kind: i32,
  x: usize,
  gain: usize,
  bias: usize,
  y: usize,
  stride: usize,
  lanes: i32,
  share: f32,
  eps: f32,
): bool {
  if (!measureFour(kind, x, stride, lanes, share, eps)) return false;
  if (gain != 0 && bias != 0) writeAs(true, true, x, stride, gain, bias, y, lanes);
  else if (gain != 0) writeAs(true, false, x, stride, gain, bias, y, lanes);
  else if (bias != 0) writeAs(false, true, x, stride, gain, bias, y, lanes);
  else writeAs(false, false, x, stride, gain, bias, y, lanes);
  return true;
}
