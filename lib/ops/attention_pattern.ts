// Attention by way of its pattern, for all heads at once: what the fused kernel does without one.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

/** [B, T, N, K] → [B·N, T, K] */
function headsFirst(x: Tensor): Tensor {
  const [batch, length, heads, width] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * heads, length, width]);
}

/**
 * Mixes values by a pattern of the scores.
 *
 * Shapes: q [B, T, H, K] · k, v [B, S, G, K] · scores and pattern [B·H, T, S] · returns [B, T, H, K]
 *
 * @param q Queries.
 * @param k Keys.
 * @param v Values.
 * @param patternOf Makes distributions over keys of products of queries and keys.
 * @returns The mixed values of each head.
 */
export function mixByPattern(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  patternOf: (scores: Tensor) => Tensor,
): Tensor {
  const [batch, queries, heads, width] = q.shape as [number, number, number, number];
  const [, keys, groups] = k.shape as [number, number, number];
  // heads that share keys stand one after the other, so that their queries are rows of one product
  const rows = queries * heads / groups;
  const grouped = tf.reshape(headsFirst(q), [batch * groups, rows, width]);
  const scores = tf.matMul(grouped, headsFirst(k), false, true);
  const pattern = patternOf(tf.reshape(scores, [batch * heads, queries, keys]));
  const mixed = tf.matMul(tf.reshape(pattern, [batch * groups, rows, keys]), headsFirst(v));
  return tf.transpose(tf.reshape(mixed, [batch, heads, queries, width]), [0, 2, 1, 3]);
}
