// The gradient of attention without the pattern in memory: each block's shares are made again from scores and log Σ exp (Dao et al. 2022,
// Algorithm 4). One call does all queries of a head of keys, so that sums over queries have one order whatever the threads.

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
import { dotOfRow } from "./causal_softmax";
import { exp } from "./math";
import { packColumns, packRows } from "./pack";
import { multiplyAdd, storeUpTo } from "./simd";
import { TILE_COLUMNS, TILE_ROWS } from "./tile";

/**
 * From scores and dy · v of a block: shares p = exp(scale · score − logSumExp), and slopes ds = scale · p (dy · v − along), both 0 where a
 * query does not see a key.
 */
function slopesOfBlock(
  scores: usize,
  slopes: usize,
  firstKey: i32,
  keys: i32,
  firstQuery: i32,
  queries: i32,
  back: i32,
  ahead: i32,
  counted: i32,
  scale: f32,
  sums: usize,
  alongs: usize,
): void {
  const factor = f32x4.splat(scale);
  for (let i = 0; i < queries; i += 4) {
    const query = firstQuery + i;
    const at = usize(i) * 4;
    const allFrom = firstSeen(query + 3, back) - firstKey;
    const allTo = endSeen(query, ahead, counted) - firstKey;
    const offset = f32x4.neg(v128.load(sums + at));
    const along = v128.load(alongs + at);
    for (let j = 0; j < keys; j++) {
      const place = at + usize(j) * KEY_BYTES;
      let share = exp(multiplyAdd(v128.load(scores + place), factor, offset));
      const change = f32x4.sub(v128.load(slopes + place), along);
      let slope = f32x4.mul(f32x4.mul(share, factor), change);
      if (j < allFrom || j >= allTo) {
        const sees = seesKey(query, firstKey + j, back, ahead, counted);
        share = v128.and(share, sees);
        slope = v128.and(slope, sees);
      }
      v128.store(scores + place, share);
      v128.store(slopes + place, slope);
    }
  }
}

/** to[j] += Σ over the queries of block[j, i] · b[i], for the keys of a block; `b` is packed in panels of columns. */
function addOverQueries(
  block: usize,
  keys: i32,
  b: usize,
  queries: i32,
  packed: usize,
  to: usize,
  width: i32,
): void {
  packRows(block, KEY_BYTES, 4, keys, queries, packed);
  const toRow = usize(padded(width)) * 4;
  for (let j = 0; j < keys; j += TILE_ROWS) {
    const height = min(TILE_ROWS, keys - j);
    const a = rowPanel(packed, j, queries);
    const panel = usize(queries) * 32;
    addProduct(a, usize(height) * 4, height, b, panel, queries, to + usize(j) * toRow, width);
  }
}

/** Rows of `width` numbers out of rows that are padded to whole panels. */
function copyRows(from: usize, to: usize, toRow: usize, rows: i32, width: i32): void {
  const fromRow = usize(padded(width)) * 4;
  for (let i = 0; i < rows; i++) {
    for (let at = 0; at < width; at += 4) {
      storeUpTo(to + usize(at) * 4, v128.load(from + usize(at) * 4), width - at);
    }
    from += fromRow;
    to += toRow;
  }
}

/**
 * The heads `first` to `first + count − 1` of keys, of those of all sequences: dk and dv of each, and dq of the heads that share them.
 * Shapes as in `attention`.
 */
export function attentionGradient(
  dy: usize,
  q: usize,
  k: usize,
  v: usize,
  y: usize,
  logSumExp: usize,
  counts: usize,
  dq: usize,
  dk: usize,
  dv: usize,
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
  const wide = usize(padded(width)) * 4;
  const queryRow = usize(heads) * usize(width) * 4;
  const keyRow = usize(groups) * usize(width) * 4;
  const panels = padded(width) / TILE_COLUMNS;
  const zeros = scratch;
  const sums = zeros + ZERO_BYTES;
  const alongs = sums + KEY_BYTES;
  const shares = alongs + KEY_BYTES;
  const slopes = shares + BLOCK_BYTES;
  const packedBlock = slopes + BLOCK_BYTES;
  // queries and dy as columns over the numbers of a head, and as rows of sums over queries
  const columnsQ = packedBlock + BLOCK_BYTES;
  const columnsDy = columnsQ + usize(QUERIES) * wide;
  const panelsQ = columnsDy + usize(QUERIES) * wide;
  const panelsDy = panelsQ + usize(QUERIES) * wide;
  const sumQ = panelsDy + usize(QUERIES) * wide;
  const rowsK = sumQ + usize(QUERIES) * wide;
  const rowsV = rowsK + usize(keys) * wide;
  const panelsK = rowsV + usize(keys) * wide;
  const sumK = panelsK + usize(keys) * wide;
  const sumV = sumK + usize(keys) * wide;
  memory.fill(zeros, 0, ZERO_BYTES);
  for (let u = first; u < first + count; u++) {
    const sequence = u / groups;
    const group = u % groups;
    const keyAt = (usize(sequence * keys) * usize(groups) + usize(group)) * usize(width) * 4;
    packRows(k + keyAt, keyRow, 4, keys, width, rowsK);
    packRows(v + keyAt, keyRow, 4, keys, width, rowsV);
    packColumns(k + keyAt, 4, keyRow, width, keys, panelsK, 0, panels);
    memory.fill(sumK, 0, 2 * usize(keys) * wide);
    const counted = counts == 0 ? keys : min(keys, load<i32>(counts + usize(sequence) * 4));
    const shared = heads / groups;
    for (let head = group * shared; head < (group + 1) * shared; head++) {
      for (let i = 0; i < queries; i += QUERIES) {
        const own = min(QUERIES, queries - i);
        const row = usize(sequence * queries + i) * usize(heads) + usize(head);
        const at = row * usize(width) * 4;
        const columns = padded(own) / TILE_COLUMNS;
        packColumns(q + at, queryRow, 4, own, width, columnsQ, 0, columns);
        packColumns(dy + at, queryRow, 4, own, width, columnsDy, 0, columns);
        packColumns(q + at, 4, queryRow, width, own, panelsQ, 0, panels);
        packColumns(dy + at, 4, queryRow, width, own, panelsDy, 0, panels);
        for (let t: usize = 0; t < usize(own); t++) {
          const place = at + t * queryRow;
          store<f32>(sums + t * 4, load<f32>(logSumExp + (row + t * usize(heads)) * 4));
          store<f32>(alongs + t * 4, dotOfRow(dy + place, y + place, width));
        }
        memory.fill(sumQ, 0, usize(own) * wide);
        const end = endSeen(i + own - 1, ahead, counted);
        for (let j = firstSeen(i, back) / KEYS * KEYS; j < end; j += KEYS) {
          const length = min(KEYS, end - j);
          const left = keys - j;
          const ofK = rowPanel(rowsK, j, width);
          const ofV = rowPanel(rowsV, j, width);
          multiplyIntoBlock(ofK, columnsQ, width, zeros, shares, length, left, own);
          multiplyIntoBlock(ofV, columnsDy, width, zeros, slopes, length, left, own);
          slopesOfBlock(
            shares,
            slopes,
            j,
            length,
            i,
            own,
            back,
            ahead,
            counted,
            scale,
            sums,
            alongs,
          );
          const place = usize(j) * wide;
          addOverQueries(shares, length, panelsDy, own, packedBlock, sumV + place, width);
          addOverQueries(slopes, length, panelsQ, own, packedBlock, sumK + place, width);
          for (let t = 0; t < own; t += TILE_ROWS) {
            const height = min(TILE_ROWS, own - t);
            const depth = min(length, endSeen(i + t + height - 1, ahead, counted) - j);
            const from = slopes + usize(t) * 4;
            const ofKeys = panelsK + usize(j) * 32;
            const to = sumQ + usize(t) * wide;
            addProduct(from, KEY_BYTES, height, ofKeys, usize(keys) * 32, depth, to, width);
          }
        }
        copyRows(sumQ, dq + at, queryRow, own, width);
      }
    }
    copyRows(sumK, dk + keyAt, keyRow, keys, width);
    copyRows(sumV, dv + keyAt, keyRow, keys, width);
  }
}
