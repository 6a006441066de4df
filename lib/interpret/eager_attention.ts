// Multi-head attention on batches of tensors: what is done to queries and keys, the scores, and the mix of values.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { KeysValues, Queries, QueriesKeysValues } from "../model/interpreter.ts";
import { roundedAlibi } from "../model/alibi.ts";
import { qkvParts, type Span } from "../model/qkv.ts";
import { placeOf } from "../model/relative.ts";
import { gridAngles, speedsOf } from "../model/rotary.ts";
import { hides } from "./attention.ts";
import { perRow } from "./padding.ts";
import type { Attention, QkvOrder, Relative, Rotary } from "../model/spec.ts";
import { attention as mixHeads } from "../ops/attention.ts";
import { mixByPattern } from "../ops/attention_pattern.ts";
import { causalSoftmax } from "../ops/causal_softmax.ts";
import { lookup } from "../ops/lookup.ts";
import { rotary } from "../ops/rotary.ts";

/** Keys and values of earlier runs, [B, S, G, K]; where it lies, attention reads them too. */
export interface KeyValueStore {
  /** How many tokens came before. */
  readonly past: number;
  /** Keys and values of all tokens at a place of causal attention, those of the new ones added. */
  extend(label: string, fresh: KeysValues<Tensor>): KeysValues<Tensor>;
  /** Keys and values of a memory, which does not grow: they are made where the store lacks them. */
  recall(label: string, make: () => KeysValues<Tensor>): KeysValues<Tensor>;
}

/** What attention needs besides what it mixes. */
export interface EagerAttentionOptions {
  /** Names the place, such as `blocks.1.attn`. */
  readonly label: string;
  /** Keys and values of earlier tokens. */
  readonly store?: KeyValueStore | undefined;
  /** The table of relative positions. */
  readonly table: (relative: Relative) => Tensor;
  /** How many keys of each sequence count; all by default. */
  readonly keyLengths?: readonly number[] | undefined;
  /** Receives the pattern [B, H, T, S], each row a distribution over keys. */
  readonly onPattern?: ((pattern: Tensor) => void) | undefined;
}

/** Added to scores that do not count: a softmax gives those places exactly 0. */
const masked = -1e9;

/** f of each query i, from `first`, and key j: [T, S]. */
function eachPair(
  [queries, keys]: readonly [number, number],
  first: number,
  f: (i: number, j: number) => number,
): Tensor {
  const values = Float32Array.from(
    { length: queries * keys },
    (_, at) => f(first + Math.floor(at / keys), at % keys),
  );
  return tf.tensor2d(values, [queries, keys]);
}

/** Scores [B·H, T, S] of B sequences, of which those of padding do not count; `lengths` says how many keys of each sequence do. */
function withoutPadding(scores: Tensor, batch: number, lengths: readonly number[]): Tensor {
  const [all, queries, keys] = scores.shape as [number, number, number];
  const perSequence = tf.reshape(scores, [batch, all / batch, queries, keys]);
  const hidden = perRow(lengths, [batch, keys], { counted: () => 0, padding: masked });
  const mask = tf.reshape(hidden, [batch, 1, 1, keys]);
  return tf.reshape(tf.add(perSequence, mask), [all, queries, keys]);
}

/** The rotation of whole heads [B, T, N, K] by the places of a grid. */
function turnOnGrid(x: Tensor, positions: Rotary, grid: NonNullable<Rotary["grid"]>): Tensor {
  const shape: [number, number, number] = [x.shape[1]!, 1, positions.width / 2];
  const angles = tf.tensor3d(gridAngles(positions, grid), shape);
  const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
  const [a, b] = tf.split(x, 2, -1) as [Tensor, Tensor];
  return tf.concat([
    tf.sub(tf.mul(a, cos), tf.mul(b, sin)),
    tf.add(tf.mul(b, cos), tf.mul(a, sin)),
  ], -1);
}

/** The rotation of heads [B, T, N, K] whose first row stands at a position. */
function turn(x: Tensor, positions: Rotary, first: number): Tensor {
  const { width, order, scale = 1, grid } = positions;
  if (grid !== undefined) return turnOnGrid(x, positions, grid);
  const [batch, length, heads, headWidth] = x.shape as [number, number, number, number];
  const speeds = speedsOf(positions, first + length);
  const rows = tf.reshape(x, [batch, length, heads * headWidth]);
  return tf.reshape(rotary(rows, { width, order, first, speeds, scale, heads }), x.shape);
}

/** What ALiBi adds to the scores: [1, H, T or 1, S]. */
function alibiScores(
  attention: Attention,
  size: readonly [queries: number, keys: number],
  first: number,
): Tensor {
  const { alibi = [], alibiRounding, heads } = attention;
  if (alibiRounding !== undefined) {
    const rows = roundedAlibi(attention, size[1]).flatMap((row) => [...row]);
    return tf.tensor(rows, [1, heads, 1, size[1]]);
  }
  const distances = eachPair(size, first, (i, j) => j - i);
  return tf.mul(tf.tensor([...alibi], [1, heads, 1, 1]), distances);
}

/** The softmax of scores [B·H, T, S] over the keys that count; positions of queries start at `first`. */
function patternOf(
  scores: Tensor,
  attention: Attention,
  first: number,
  positions: Tensor | undefined,
): Tensor {
  const { causal, window = Infinity, softcap, scale, heads } = attention;
  const isAdded = attention.alibi !== undefined || positions !== undefined;
  if (causal && window === Infinity && !isAdded && softcap === undefined) {
    return causalSoftmax(scores, scale);
  }
  const [all, queries, keys] = scores.shape as [number, number, number];
  const scaled = tf.mul(scores, scale);
  const capped = softcap === undefined ? scaled : tf.mul(softcap, tf.tanh(tf.div(scaled, softcap)));
  const size = [queries, keys] as const;
  const mask = causal || window < Infinity
    ? tf.add(capped, eachPair(size, first, (i, j) => hides({ causal, window }, i, j) ? masked : 0))
    : capped;
  if (!isAdded) return tf.softmax(mask);
  const perHead = tf.reshape(mask, [all / heads, heads, queries, keys]);
  const added = attention.alibi === undefined
    ? perHead
    : tf.add(perHead, alibiScores(attention, size, first));
  const placed = positions === undefined ? added : tf.add(added, positions);
  return tf.reshape(tf.softmax(placed), [all, queries, keys]);
}

/** What relative positions add to the scores: [1 or B, H, T, S]. */
function relativeScores(
  relative: Relative,
  table: Tensor,
  gates: Tensor | undefined,
  { size: [queries, keys], first }: {
    readonly size: readonly [number, number];
    readonly first: number;
  },
): Tensor {
  const places = Int32Array.from(
    { length: queries * keys },
    (_, at) => placeOf(relative, first + Math.floor(at / keys), at % keys),
  );
  const rows = tf.reshape(lookup(table, places), [1, queries, keys, table.shape[1]!]);
  const scores = tf.transpose(rows, [0, 3, 1, 2]);
  if (gates === undefined) return scores;
  return tf.mul(scores, tf.expandDims(tf.transpose(gates, [0, 2, 1]), -1));
}

/**
 * The gates of relative positions.
 *
 * Shapes: mapped [B, T·H, 2N] · constants with H numbers · returns [B, T, H]
 *
 * @param mapped What the gate's map makes of each head's part.
 * @param constants One for each head.
 * @returns a (b c − 1) + 2 of each token and head.
 */
export function gatesOf(mapped: Tensor, constants: Tensor): Tensor {
  const [batch, rows] = mapped.shape as [number, number, number];
  const heads = constants.size;
  const [a, b] = tf.split(mapped, 2, -1).map((part) =>
    tf.reshape(tf.sigmoid(tf.sum(part, -1)), [batch, rows / heads, heads])
  ) as [Tensor, Tensor];
  const inside = tf.sub(tf.mul(b, tf.reshape(constants, [heads])), 1);
  return tf.add(tf.mul(a, inside), 2);
}

/** Keys and values with those of earlier runs; attention that sees both sides of its own rows has none. */
function withStored(
  store: KeyValueStore | undefined,
  { causal, memory }: Attention,
  label: string,
  fresh: () => KeysValues<Tensor>,
): KeysValues<Tensor> {
  if (store === undefined) return fresh();
  if (memory !== undefined) return store.recall(label, fresh);
  return causal ? store.extend(label, fresh()) : fresh();
}

/**
 * Attention between its projections and its writing matrix.
 *
 * ```
 * y = concat over heads of softmax(scale · q kᵀ + mask) v
 * ```
 *
 * Shapes: q [B, T, H·K] · k, v [B, S, G·K] · returns [B, T, H·K]
 * Source: Vaswani et al. 2017, Eq. 1.
 *
 * @param queries Queries.
 * @param keysValues Computes keys and values.
 * @param attention The attention.
 * @param options Earlier keys and values, and an observer.
 * @returns The heads, side by side.
 */
export function attendEagerly(
  queries: Queries<Tensor>,
  keysValues: () => KeysValues<Tensor>,
  attention: Attention,
  { label, store, keyLengths, table, onPattern }: EagerAttentionOptions,
): Tensor {
  const { heads, keyValueHeads, headWidth, causal, window, scale, relative } = attention;
  const [batch, length] = queries.q.shape as [number, number, number];
  const first = causal ? store?.past ?? 0 : 0;
  const perHead = (x: Tensor, count: number): Tensor =>
    tf.reshape(x, [batch, x.shape[1]!, count, headWidth]);
  const turned = (x: Tensor): Tensor =>
    attention.rotary === undefined ? x : turn(x, attention.rotary, first);
  const q = turned(perHead(queries.q, heads));
  const { k, v } = withStored(store, attention, label, () => {
    const given = keysValues();
    return { k: turned(perHead(given.k, keyValueHeads)), v: perHead(given.v, keyValueHeads) };
  });
  const needsPattern = onPattern !== undefined || relative !== undefined ||
    attention.alibi !== undefined || attention.softcap !== undefined;
  const mixed = needsPattern
    ? mixByPattern(q, k, v, (scores) => {
      const positions = relative && relativeScores(relative, table(relative), queries.gates, {
        size: [length, k.shape[1]!],
        first,
      });
      const counted = keyLengths === undefined ? scores : withoutPadding(scores, batch, keyLengths);
      const pattern = patternOf(counted, attention, first, positions);
      onPattern?.(tf.reshape(pattern, [batch, heads, length, k.shape[1]!]));
      return pattern;
    })
    : mixHeads(q, k, v, {
      scale,
      causal,
      ...(window === undefined ? {} : { window }),
      ...(keyLengths === undefined ? {} : { keyLengths }),
    });
  return tf.reshape(mixed, [batch, length, heads * headWidth]);
}

/** Queries, keys and values out of the outputs of one matrix, [B, T, (H + 2G)·K]. */
export function splitEagerly(
  x: Tensor,
  order: QkvOrder,
  attention: Attention,
): QueriesKeysValues<Tensor> {
  const [batch, length] = x.shape as [number, number, number];
  const { parts, period, q, k, v } = qkvParts(order, attention);
  const perPart = tf.reshape(x, [batch * length, parts, period]);
  const take = ([start, count]: Span): Tensor =>
    tf.reshape(tf.slice(perPart, [0, 0, start], [batch * length, parts, count]), [
      batch,
      length,
      parts * count,
    ]);
  return { q: take(q), k: take(k), v: take(v) };
}
