// The softmax of attention scores under a causal mask, and its gradient. Of `keys` keys the last `queries` belong to the queries.

import { loadPart, multiplyAdd, storePart, sumOf } from "./simd";
import { largest, multiplyBy, powers } from "./softmax";

/** How many keys the query of a row sees. */
// @ts-ignore: decorator
@inline
function visible(row: i32, queries: i32, keys: i32): i32 {
  return row % queries + keys - queries + 1;
}

/** The rows `first` to `first + count − 1` of softmax(scale · scores), 0 at the keys that come later than the query. */
export function causalSoftmax(
  scores: usize,
  pattern: usize,
  queries: i32,
  keys: i32,
  scale: f32,
  first: i32,
  count: i32,
): void {
  for (let row = first; row < first + count; row++) {
    const at = usize(row) * usize(keys) * 4;
    const seen = visible(row, queries, keys);
    const high = largest(scores + at, scale, seen);
    const sum = powers(scores + at, scale, high, pattern + at, seen);
    multiplyBy(pattern + at, 1 / sum, seen);
    memory.fill(pattern + at + usize(seen) * 4, 0, usize(keys - seen) * 4);
  }
}

/** Σ a ⊙ b */
export function dotOfRow(a: usize, b: usize, count: i32): f32 {
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  for (; count >= 8; count -= 8, a += 32, b += 32) {
    sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0);
    sum1 = multiplyAdd(v128.load(a, 16), v128.load(b, 16), sum1);
  }
  for (; count >= 4; count -= 4, a += 16, b += 16) {
    sum0 = multiplyAdd(v128.load(a), v128.load(b), sum0);
  }
  if (count > 0) sum1 = multiplyAdd(loadPart(a, count), loadPart(b, count), sum1);
  return sumOf(f32x4.add(sum0, sum1));
}

/** The same rows of dScores = scale · p ⊙ (dy − Σ dy ⊙ p). */
export function causalSoftmaxGradient(
  dy: usize,
  pattern: usize,
  dScores: usize,
  queries: i32,
  keys: i32,
  scale: f32,
  first: i32,
  count: i32,
): void {
  const factor = f32x4.splat(scale);
  for (let row = first; row < first + count; row++) {
    const at = usize(row) * usize(keys) * 4;
    const seen = visible(row, queries, keys);
    const along = f32x4.splat(dotOfRow(dy + at, pattern + at, seen));
    let d = dy + at;
    let p = pattern + at;
    let to = dScores + at;
    let left = seen;
    for (; left >= 4; left -= 4, d += 16, p += 16, to += 16) {
      const share = f32x4.mul(v128.load(p), factor);
      v128.store(to, f32x4.mul(share, f32x4.sub(v128.load(d), along)));
    }
    if (left > 0) {
      const share = f32x4.mul(loadPart(p, left), factor);
      storePart(to, f32x4.mul(share, f32x4.sub(loadPart(d, left), along)), left);
    }
    memory.fill(dScores + at + usize(seen) * 4, 0, usize(keys - seen) * 4);
  }
}
