// Multi-head self-attention with a causal mask.

import * as tf from "@tensorflow/tfjs";
import { requireOptions } from "../core/options.ts";
import type { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { causalSoftmax } from "../ops/causal_softmax.ts";
import { rotary } from "../ops/rotary.ts";
import { zerosFrom } from "../ops/zeros.ts";
import { initMatrix, linear } from "./linear.ts";

/** The parameters of attention; every matrix is [D, D], stored (in, out). */
export type AttentionParameters = {
  /** Query projection. */
  readonly wq: Tensor;
  /** Key projection. */
  readonly wk: Tensor;
  /** Value projection. */
  readonly wv: Tensor;
  /** Output projection, the matrix that writes to the stream. */
  readonly wo: Tensor;
  /** Query bias, [D]. */
  readonly bq?: Tensor;
  /** Key bias, [D]. */
  readonly bk?: Tensor;
  /** Value bias, [D]. */
  readonly bv?: Tensor;
  /** Output bias, [D]. */
  readonly bo?: Tensor;
};

/** What attention needs besides its parameters and input. */
export interface AttentionOptions {
  /** The number of heads H; it divides D. */
  readonly heads: number;
  /** Whether queries and keys are rotated by their positions. */
  readonly rotary: boolean;
  /** A norm on the concatenated heads, before the output projection (Sub-LN). */
  readonly inner?: (x: Tensor) => Tensor;
  /** Receives the attention pattern [B, H, T, T], each row a distribution over keys. */
  readonly onPattern?: (pattern: Tensor) => void;
}

/**
 * The parameters of attention at the start.
 *
 * @param random Where the matrices are drawn from, each from a stream of its own name.
 * @param width The width D.
 * @param options The standard deviation of each matrix, and whether there are biases (0 at the start).
 * @returns The parameters.
 */
export function initAttention(
  random: Random,
  width: number,
  options: { readonly std: (matrix: "wq" | "wk" | "wv" | "wo") => number; readonly bias: boolean },
): AttentionParameters {
  requireOptions("initAttention()", options, { std: "function", bias: "boolean" });
  const matrix = (name: "wq" | "wk" | "wv" | "wo"): Tensor =>
    initMatrix(random.fork(name), [width, width], options.std(name));
  const weights = { wq: matrix("wq"), wk: matrix("wk"), wv: matrix("wv"), wo: matrix("wo") };
  const bias = (): Tensor => tf.zeros([width]);
  return options.bias ? { ...weights, bq: bias(), bk: bias(), bv: bias(), bo: bias() } : weights;
}

/**
 * Causal multi-head self-attention.
 *
 * ```
 * y = inner(concat over heads of softmax(q kᵀ / √K + mask) v) · W_O + b_O
 * ```
 *
 * Shapes: x [B, T, D] · returns [B, T, D]
 * Source: Vaswani et al. 2017, Eq. 1.
 *
 * @param parameters The projections.
 * @param x The input, normed or not: that is the residual variant's affair.
 * @param options Heads, positions, the inner norm.
 * @returns What the sub-layer adds to the stream.
 * @throws {RangeError} If an option is unknown, or the heads do not divide D.
 */
export function attention(
  parameters: AttentionParameters,
  x: Tensor,
  options: AttentionOptions,
): Tensor {
  requireOptions("attention()", options, {
    heads: "number",
    rotary: "boolean",
    inner: "function?",
    onPattern: "function?",
  });
  const { wq, wk, wv, wo, bq, bk, bv, bo } = parameters;
  const { heads, onPattern, inner } = options;
  const [batch, length, width] = x.shape as [number, number, number];
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) {
    throw new RangeError(
      `Cannot split a width of ${width} into ${heads} heads: heads must divide the width`,
    );
  }
  if (x.size === 0) return zerosFrom(x.shape, [x, ...Object.values(parameters)]);
  const headWidth = width / heads;
  const split = (qBTD: Tensor): Tensor =>
    // [B, T, D] → [B·H, T, K]
    tf.reshape(
      tf.transpose(tf.reshape(qBTD, [batch, length, heads, headWidth]), [0, 2, 1, 3]),
      [batch * heads, length, headWidth],
    );
  const place = (qNTK: Tensor): Tensor => options.rotary ? rotary(qNTK) : qNTK;
  return tf.tidy(() => {
    const q = place(split(linear(x, wq, bq)));
    const k = place(split(linear(x, wk, bk)));
    const v = split(linear(x, wv, bv));
    const pattern = causalSoftmax(tf.matMul(q, k, false, true), headWidth ** -0.5);
    onPattern?.(tf.reshape(pattern, [batch, heads, length, length]));
    const mixed = tf.reshape(tf.matMul(pattern, v), [batch, heads, length, headWidth]);
    const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, length, width]);
    return linear(inner === undefined ? joined : inner(joined), wo, bo);
  });
}
