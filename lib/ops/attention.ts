// Attention of many heads: one kernel that keeps no pattern in memory, or the composed form, which has derivatives of every order.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireInteger, requireLengths, requireNumber } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import type { AttentionAttributes } from "../kernels/contract.ts";
import { type AttentionSizes, attentionSizes, reachOf } from "../kernels/seen_keys.ts";
import { mixByPattern } from "./attention_pattern.ts";
import { causalSoftmax } from "./causal_softmax.ts";
import { softmax } from "./second_derivatives.ts";
import { zerosFrom } from "./zeros.ts";

/** Options of {@linkcode attention}. */
export interface AttentionOptions {
  /** What products of queries and keys are multiplied by; K^-½ by default. */
  readonly scale?: number;
  /** Whether a query sees no later key than its own: of S keys the last T belong to the queries. False by default. */
  readonly causal?: boolean;
  /** How many keys a query sees to each side, its own counted: |i − j| < window. All by default. */
  readonly window?: number;
  /** How many keys of each sequence count, the first of it; all by default. */
  readonly keyLengths?: readonly number[];
}

/**
 * Attention of many heads. On a backend with our kernels no pattern [T, S] lies in memory, forward and backward.
 *
 * ```
 * y[i] = Σ_j p[i, j] v[j],   p[i, ·] = softmax over the keys j that i sees of scale · q[i] · k[j]
 * ```
 *
 * Heads may share keys and values: with H heads and G of keys, the head h reads those of ⌊h G / H⌋. A query that sees no key gives 0.
 *
 * Shapes: q [B, T, H, K] · k, v [B, S, G, K] · returns [B, T, H, K]
 * Source: Vaswani et al. 2017, Eq. 1; without the pattern: Dao et al. 2022, Algorithms 1 and 4 (arXiv 2205.14135).
 *
 * @param q Queries.
 * @param k Keys.
 * @param v Values.
 * @param options Scale, mask, window, and how many keys count.
 * @returns The mixed values of each head.
 * @throws {RangeError} If the shapes do not fit, H is no multiple of G, causal attention has fewer keys than queries, the window is below 1,
 *   or there is not one length from 1 to S for each sequence.
 * @throws {TypeError} If a tensor is not float32, or an option of another kind.
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions = {},
): Tensor {
  requireOptions("attention()", options, {
    scale: "number?",
    causal: "boolean?",
    window: "number?",
    keyLengths: "list?",
  });
  requireDtype("float32", { q, k, v });
  requireShapes(q, k, v);
  const sizes = attentionSizes(q.shape, k.shape);
  const { causal = false, window = Infinity, keyLengths } = options;
  if (causal && sizes.keys < sizes.queries) {
    throw new RangeError(
      `Cannot attend causally from ${sizes.queries} queries to ${sizes.keys} keys: there must be as many keys, or more`,
    );
  }
  if (window !== Infinity) requireInteger("window", window, { min: 1 });
  if (keyLengths !== undefined) requireLengths(keyLengths, sizes.batch, sizes.keys);
  const scale = requireNumber("scale", options.scale ?? Math.max(1, sizes.width) ** -0.5);
  if (q.size === 0 || sizes.keys === 0) return zerosFrom(q.shape, [q, k, v]);
  const attributes = { scale, causal, window, counted: keyLengths !== undefined };
  return tf.tidy(() => {
    if (!hasKernel("NormkitAttention")) return composed(q, k, v, attributes, keyLengths);
    const counts = keyLengths === undefined ? [] : [tf.tensor1d([...keyLengths], "int32")];
    return callKernel("NormkitAttention", [q, k, v, ...counts], attributes)[0]!;
  });
}

function requireShapes(q: Tensor, k: Tensor, v: Tensor): void {
  const [batch, , heads, width] = q.shape;
  const [ofKeys, , groups, ofKey] = k.shape;
  const fits = q.rank === 4 && k.rank === 4 && k.shape.join() === v.shape.join() &&
    ofKeys === batch && ofKey === width && (groups === heads || heads! % groups! === 0);
  if (fits) return;
  const shapes = [q, k, v].map(({ shape }) => `[${shape.join(", ")}]`);
  throw new RangeError(
    `Cannot attend with q, k and v of shapes ${
      shapes.join(", ")
    }: they must be [B, T, H, K] and twice [B, S, G, K], H a multiple of G`,
  );
}

/** The mask [B or 1, 1, T, S]: 1 where a query sees a key, else 0. */
function seenBy(
  attributes: AttentionAttributes,
  sizes: AttentionSizes,
  lengths: readonly number[] = [sizes.keys],
): Tensor {
  const { queries, keys } = sizes;
  const { back, ahead } = reachOf(attributes, sizes);
  const sees = (i: number, j: number): boolean => i - back <= j && j <= i + ahead;
  const values = lengths.flatMap((length) =>
    Array.from({ length: queries * keys }, (_, at) => {
      const j = at % keys;
      return j < length && sees(Math.floor(at / keys), j) ? 1 : 0;
    })
  );
  return tf.tensor4d(values, [lengths.length, 1, queries, keys]);
}

/** The same by its pattern. */
function composed(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  attributes: AttentionAttributes,
  lengths: readonly number[] | undefined,
): Tensor {
  const { causal, window, scale } = attributes;
  const sizes = attentionSizes(q.shape, k.shape);
  const { batch, heads, queries, keys } = sizes;
  const patternOf = (scores: Tensor): Tensor => {
    const isWhole = window >= keys && lengths === undefined;
    if (isWhole) return causal ? causalSoftmax(scores, scale) : softmax(tf.mul(scores, scale));
    const perHead = tf.reshape(tf.mul(scores, scale), [batch, heads, queries, keys]);
    const seen = seenBy(attributes, sizes, lengths);
    const hidden = tf.mul(tf.sub(seen, 1), 1e9);
    // where a query sees no key, its scores are equal, and the second factor makes zeros of their shares
    return tf.reshape(tf.mul(softmax(tf.add(perHead, hidden)), seen), scores.shape);
  };
  // tfjs's transposition of four axes on WebGPU takes no casts, and neither does its gradient
  const [a, b, c] = [q, k, v].map((x) => tf.mul(x, 1)) as [Tensor, Tensor, Tensor];
  return tf.mul(mixByPattern(a, b, c, patternOf), 1);
}

registerKernelGradient("NormkitAttention", {
  keepInputs: true,
  keepOutputs: [true, true],
  gradient: ([dy], kept, attributes) => {
    const [q, k, v, ...others] = kept as [Tensor, Tensor, Tensor, ...Tensor[]];
    const [y, logSumExp] = others.slice(-2) as [Tensor, Tensor];
    const counts = attributes.counted ? [others[0]!] : [];
    const given = [dy!, q, k, v, y, logSumExp, ...counts];
    return callKernel("NormkitAttentionGradient", given, attributes);
  },
});
