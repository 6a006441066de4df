// Attention of one block of queries after the other, without the pattern in memory: scores of a block of keys, their softmax as far as it is
// known (Milakov and Gimelshein 2018), and the mix of values, rescaled where a later block has a higher score.

import {
  addProduct,
  BLOCK_BYTES,
  endSeen,
  firstSeen,
  KEY_BYTES,
  KEYS,
  multiplyIntoBlock,
  padded,
  QUERIES,
  rowPanel,
  seesKey,
  ZERO_BYTES,
} from "./attention_block";
import { exp, logarithm } from "./math";
import { packColumns, packRows } from "./pack";
import { storeUpTo } from "./simd";
import { TILE_COLUMNS, TILE_ROWS } from "./tile";

function fillWith(to: usize, value: f32, count: i32): void {
  for (let i: usize = 0; i < usize(count); i++) store<f32>(to + i * 4, value);
}

/** Multiplies rows of `width` numbers, padded to whole panels, each by its number. */
function scaleRows(rows: usize, width: i32, factors: usize, count: i32): void {
  const vectors = padded(width) / 4;
  for (let i = 0; i < count; i++) {
    const factor = v128.load32_splat(factors + usize(i) * 4);
    for (let at = 0; at < vectors; at++, rows += 16) {
      v128.store(rows, f32x4.mul(v128.load(rows), factor));
    }
  }
}

/**
 * Makes exp(scale · score − highest) of the scores of a block, 0 where a query does not see a key. `highest` and `sums` go on from the
 * blocks before; `corrections` gets what the sums of those blocks are to be multiplied by. Returns whether one of them is not 1.
 */
function sharesOfBlock(
  block: usize,
  firstKey: i32,
  keys: i32,
  firstQuery: i32,
  queries: i32,
  back: i32,
  ahead: i32,
  counted: i32,
  scale: f32,
  highest: usize,
  sums: usize,
  corrections: usize,
): bool {
  const factor = f32x4.splat(scale);
  const none = f32x4.splat(-Infinity);
  const one = f32x4.splat(1);
  let areOne = i32x4.splat(-1);
  for (let i = 0; i < queries; i += 4) {
    const query = firstQuery + i;
    const at = usize(i) * 4;
    // what all four queries see needs no mask
    const allFrom = firstSeen(query + 3, back) - firstKey;
    const allTo = endSeen(query, ahead, counted) - firstKey;
    const before = v128.load(highest + at);
    let most = before;
    let score = block + at;
    for (let j = 0; j < keys; j++, score += KEY_BYTES) {
      let value = f32x4.mul(v128.load(score), factor);
      if (j < allFrom || j >= allTo) {
        value = v128.bitselect(value, none, seesKey(query, firstKey + j, back, ahead, counted));
      }
      v128.store(score, value);
      most = f32x4.pmax(most, value);
    }
    // where a query has seen no key so far, −∞ would be subtracted from itself
    const offset = v128.andnot(most, f32x4.eq(most, none));
    const correction = exp(f32x4.sub(before, offset));
    let sum = f32x4.mul(v128.load(sums + at), correction);
    score = block + at;
    for (let j = 0; j < keys; j++, score += KEY_BYTES) {
      const share = exp(f32x4.sub(v128.load(score), offset));
      v128.store(score, share);
      sum = f32x4.add(sum, share);
    }
    v128.store(highest + at, most);
    v128.store(sums + at, sum);
    v128.store(corrections + at, correction);
    areOne = v128.and(areOne, f32x4.eq(correction, one));
  }
  return !i32x4.all_true(areOne);
}

/** Writes y and log Σ exp of a block of queries. */
function finish(
  mixed: usize,
  highest: usize,
  sums: usize,
  queries: i32,
  width: i32,
  y: usize,
  yRow: usize,
  logSumExp: usize,
  sumRow: usize,
): void {
  const mixedRow = usize(padded(width)) * 4;
  for (let i = 0; i < queries; i++) {
    const sum = load<f32>(sums + usize(i) * 4);
    const factor = f32x4.splat(sum == 0 ? 0 : 1 / sum);
    for (let at = 0; at < width; at += 4) {
      const values = v128.load(mixed + usize(at) * 4);
      storeUpTo(y + usize(at) * 4, f32x4.mul(values, factor), width - at);
    }
    const log = sum == 0 ? 0 : f64(load<f32>(highest + usize(i) * 4)) + logarithm(f64(sum));
    store<f32>(logSumExp, f32(log));
    mixed += mixedRow;
    y += yRow;
    logSumExp += sumRow;
  }
}

/**
 * The blocks `first` to `first + count − 1` of queries, of those of all heads of all sequences: q and y [B, T, H, K], k and v [B, S, G, K],
 * logSumExp [B, T, H], and `counts` the address of how many keys count, or 0. Query i sees the keys i − back to i + ahead.
 */
export function attention(
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
  const zeros = scratch;
  const highest = zeros + ZERO_BYTES;
  const sums = highest + KEY_BYTES;
  const corrections = sums + KEY_BYTES;
  const block = corrections + KEY_BYTES;
  const packedQ = block + BLOCK_BYTES;
  const mixed = packedQ + usize(QUERIES) * usize(width) * 4;
  const packedV = mixed + usize(QUERIES) * usize(padded(width)) * 4;
  const packedK = packedV + usize(keys) * usize(padded(width)) * 4;
  const queryRow = usize(heads) * usize(width) * 4;
  const keyRow = usize(groups) * usize(width) * 4;
  const mixedRow = usize(padded(width)) * 4;
  const blocks = (queries + QUERIES - 1) / QUERIES;
  memory.fill(zeros, 0, ZERO_BYTES);
  let packed = -1;
  for (let u = first; u < first + count; u++) {
    const sequence = u / blocks / heads;
    const head = u / blocks % heads;
    const group = head * groups / heads;
    if (sequence * groups + group != packed) {
      packed = sequence * groups + group;
      const at = (usize(sequence * keys) * usize(groups) + usize(group)) * usize(width) * 4;
      packRows(k + at, keyRow, 4, keys, width, packedK);
      packColumns(v + at, 4, keyRow, width, keys, packedV, 0, padded(width) / TILE_COLUMNS);
    }
    const i = u % blocks * QUERIES;
    const own = min(QUERIES, queries - i);
    const row = usize(sequence * queries + i) * usize(heads) + usize(head);
    const at = row * usize(width) * 4;
    packColumns(q + at, queryRow, 4, own, width, packedQ, 0, padded(own) / TILE_COLUMNS);
    memory.fill(mixed, 0, usize(own) * mixedRow);
    memory.fill(sums, 0, KEY_BYTES);
    fillWith(highest, -Infinity, QUERIES);
    const counted = counts == 0 ? keys : min(keys, load<i32>(counts + usize(sequence) * 4));
    const end = endSeen(i + own - 1, ahead, counted);
    for (let j = firstSeen(i, back) / KEYS * KEYS; j < end; j += KEYS) {
      const length = min(KEYS, end - j);
      const rows = rowPanel(packedK, j, width);
      multiplyIntoBlock(rows, packedQ, width, zeros, block, length, keys - j, own);
      const isCorrected = sharesOfBlock(
        block,
        j,
        length,
        i,
        own,
        back,
        ahead,
        counted,
        scale,
        highest,
        sums,
        corrections,
      );
      // the first block has nothing before it: its sums are zeros
      if (isCorrected) scaleRows(mixed, width, corrections, own);
      for (let t = 0; t < own; t += TILE_ROWS) {
        const height = min(TILE_ROWS, own - t);
        const depth = min(length, endSeen(i + t + height - 1, ahead, counted) - j);
        const shares = block + usize(t) * 4;
        const values = packedV + usize(j) * 32;
        const to = mixed + usize(t) * mixedRow;
        addProduct(shares, KEY_BYTES, height, values, usize(keys) * 32, depth, to, width);
      }
    }
    const sumRow = usize(heads) * 4;
    finish(mixed, highest, sums, own, width, y + at, queryRow, logSumExp + row * 4, sumRow);
  }
}
