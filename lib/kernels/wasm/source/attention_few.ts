// Attention of a few queries, as in generation: packing keys and values would cost more than what is done with them, so that they are read where
// they are, and a query's scores are one row.

import { endSeen, firstSeen } from "./attention_block";
import { dotOfRow } from "./causal_softmax";
import { logarithm } from "./math";
import { loadUpTo, multiplyAdd, storeUpTo } from "./simd";
import { largest, powers } from "./softmax";

/** y = factor · Σ_j shares[j] · v[j], for 16 numbers of a head. */
function mixSixteen(shares: usize, v: usize, keyRow: usize, keys: i32, factor: f32, y: usize): void {
  let y0 = f32x4.splat(0);
  let y1 = y0;
  let y2 = y0;
  let y3 = y0;
  for (let j = 0; j < keys; j++, v += keyRow) {
    const share = v128.load32_splat(shares + usize(j) * 4);
    y0 = multiplyAdd(share, v128.load(v), y0);
    y1 = multiplyAdd(share, v128.load(v, 16), y1);
    y2 = multiplyAdd(share, v128.load(v, 32), y2);
    y3 = multiplyAdd(share, v128.load(v, 48), y3);
  }
  const factors = f32x4.splat(factor);
  v128.store(y, f32x4.mul(y0, factors));
  v128.store(y, f32x4.mul(y1, factors), 16);
  v128.store(y, f32x4.mul(y2, factors), 32);
  v128.store(y, f32x4.mul(y3, factors), 48);
}

/** The same for up to 4 numbers. */
function mixFour(
  shares: usize,
  v: usize,
  keyRow: usize,
  keys: i32,
  factor: f32,
  y: usize,
  left: i32,
): void {
  let sum = f32x4.splat(0);
  for (let j = 0; j < keys; j++, v += keyRow) {
    sum = multiplyAdd(v128.load32_splat(shares + usize(j) * 4), loadUpTo(v, left), sum);
  }
  storeUpTo(y, f32x4.mul(sum, f32x4.splat(factor)), left);
}

/** The queries `first` to `first + count − 1`, in the order in which they lie; arguments as those of `attention`. */
export function attentionOfFew(
  q: usize,
  k: usize,
  v: usize,
  counts: usize,
  y: usize,
  logSumExp: usize,
  queries: i32,
  keys: i32,
  heads: i32,
  groups: i32,
  width: i32,
  scale: f32,
  back: i32,
  ahead: i32,
  scratch: usize,
  first: i32,
  count: i32,
): void {
  const keyRow = usize(groups) * usize(width) * 4;
  for (let row = first; row < first + count; row++) {
    const sequence = row / heads / queries;
    const i = row / heads % queries;
    const group = row % heads * groups / heads;
    const counted = counts == 0 ? keys : min(keys, load<i32>(counts + usize(sequence) * 4));
    const from = firstSeen(i, back);
    const seen = max(0, endSeen(i, ahead, counted) - from);
    const place = usize(sequence * keys + from) * keyRow + usize(group) * usize(width) * 4;
    const at = usize(row) * usize(width) * 4;
    for (let j = 0; j < seen; j++) {
      const score = dotOfRow(q + at, k + place + usize(j) * keyRow, width);
      store<f32>(scratch + usize(j) * 4, score);
    }
    const high = largest(scratch, scale, seen);
    const sum = powers(scratch, scale, high, scratch, seen);
    const factor: f32 = seen == 0 ? 0 : 1 / sum;
    let column = 0;
    for (; column + 16 <= width; column += 16) {
      const offset = usize(column) * 4;
      mixSixteen(scratch, v + place + offset, keyRow, seen, factor, y + at + offset);
    }
    for (; column < width; column += 4) {
      const offset = usize(column) * 4;
      const left = width - column;
      mixFour(scratch, v + place + offset, keyRow, seen, factor, y + at + offset, left);
    }
    const log = seen == 0 ? 0 : f64(high) + logarithm(f64(sum));
    store<f32>(logSumExp + usize(row) * 4, f32(log));
  }
}
