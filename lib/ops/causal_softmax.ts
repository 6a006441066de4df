// The softmax of attention scores under a causal mask.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireNumber } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import { softmax } from "./second_derivatives.ts";
import { zerosFrom } from "./zeros.ts";

/**
 * The softmax of scaled scores over the keys that a query may see.
 *
 * ```
 * pattern[i, j] = exp(scale · scores[i, j]) / Σ_{k ≤ i + S − T} exp(scale · scores[i, k])   for j ≤ i + S − T, else 0
 * ```
 *
 * Of S keys the last T belong to the queries; with S = T query i sees the keys up to i.
 *
 * Shapes: scores [N, T, S] with S ≥ T · returns the same
 * Source: Vaswani et al. 2017, Eq. 1, and §3.2.3 for the mask.
 *
 * @param scores Products of queries and keys.
 * @param scale What they are multiplied by, K^-½ in attention.
 * @returns One distribution over keys for each query.
 * @throws {RangeError} If the shape is another, or the scale is not finite.
 * @throws {TypeError} If the scores are not float32.
 */
export function causalSoftmax(scores: Tensor, scale: number): Tensor {
  requireDtype("float32", { scores });
  requireNumber("scale", scale);
  const [, queries, keys] = scores.shape;
  if (scores.rank !== 3 || queries === undefined || keys === undefined || keys < queries) {
    throw new RangeError(
      `Cannot mask scores of shape [${scores.shape.join(", ")}]: they must be [N, T, S] with S ≥ T`,
    );
  }
  if (scores.size === 0) return zerosFrom(scores.shape, [scores]);
  return hasKernel("NormkitCausalSoftmax")
    ? callKernel("NormkitCausalSoftmax", [scores], { scale })[0]!
    : tf.tidy(() => softmax(tf.add(tf.mul(scores, scale), causalMask(queries, keys))));
}

/** −1e9 at the keys that a query may not see: a softmax gives those places exactly 0. */
function causalMask(queries: number, keys: number): Tensor {
  const values = Float32Array.from(
    { length: queries * keys },
    (_, at) => at % keys > Math.floor(at / keys) + keys - queries ? -1e9 : 0,
  );
  return tf.tensor2d(values, [queries, keys]);
}

registerKernelGradient("NormkitCausalSoftmax", {
  keepInputs: false,
  keepOutputs: [true],
  gradient: ([dy], [pattern], attributes) =>
    callKernel("NormkitCausalSoftmaxGradient", [dy!, pattern!], attributes),
});
