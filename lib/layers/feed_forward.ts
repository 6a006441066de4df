// The position-wise feed-forward network.

import * as tf from "@tensorflow/tfjs";
import { requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { gelu, silu } from "../ops/activations.ts";
import { initMatrix, linear } from "./linear.ts";

/** The non-linearity of the network; SwiGLU has a gate projection of its own. */
export type FeedForwardActivation = "gelu" | "relu" | "swiglu";

/** Every non-linearity. */
export const feedForwardActivations: readonly FeedForwardActivation[] = ["gelu", "relu", "swiglu"];

/** The parameters of the network; matrices are stored (in, out). */
export type FeedForwardParameters = {
  /** [D, F]: into the hidden layer, or, for SwiGLU, into its gate. */
  readonly w1: Tensor;
  /** [F, D]: the matrix that writes to the stream. */
  readonly w2: Tensor;
  /** [D, F]: SwiGLU's up projection. */
  readonly w3?: Tensor;
  /** [F] */
  readonly b1?: Tensor;
  /** [D] */
  readonly b2?: Tensor;
  /** [F] */
  readonly b3?: Tensor;
};

/**
 * The parameters of the network at the start.
 *
 * @param random Where the matrices are drawn from, each from a stream of its own name.
 * @param dims Width D and hidden width F.
 * @param options The activation, the standard deviation of each matrix, and whether there are biases (0 at the start).
 * @returns The parameters.
 * @throws {RangeError} If an option is unknown or of another type, or the activation is unknown.
 */
export function initFeedForward(
  random: Random,
  dims: { readonly width: number; readonly hidden: number },
  options: {
    readonly activation: FeedForwardActivation;
    readonly std: (matrix: "w1" | "w2") => number;
    readonly bias: boolean;
  },
): FeedForwardParameters {
  requireOptions("initFeedForward()", dims, { width: "number", hidden: "number" });
  requireOptions("initFeedForward()", options, {
    activation: "string",
    std: "function",
    bias: "boolean",
  });
  requireOneOf("activation", options.activation, feedForwardActivations);
  const { width, hidden } = dims;
  const inward = (name: string): Tensor =>
    initMatrix(random.fork(name), [width, hidden], options.std("w1"));
  const weights = {
    w1: inward("w1"),
    w2: initMatrix(random.fork("w2"), [hidden, width], options.std("w2")),
    ...(options.activation === "swiglu" ? { w3: inward("w3") } : {}),
  };
  if (!options.bias) return weights;
  const biases = { b1: tf.zeros([hidden]), b2: tf.zeros([width]) };
  return { ...weights, ...biases, ...(weights.w3 === undefined ? {} : { b3: tf.zeros([hidden]) }) };
}

/**
 * The feed-forward network.
 *
 * ```
 * y = inner(φ(x W₁ + b₁)) W₂ + b₂          GELU, ReLU
 * y = inner(SiLU(x W₁ + b₁) ⊙ (x W₃ + b₃)) W₂ + b₂     SwiGLU
 * ```
 *
 * Shapes: x [B, T, D] · returns [B, T, D]
 * Source: Vaswani et al. 2017, Eq. 2; Shazeer 2020, Eq. 6.
 *
 * @param parameters The matrices.
 * @param x The input, normed or not: that is the residual variant's affair.
 * @param options The activation, and a norm before the output projection (Sub-LN).
 * @returns What the sub-layer adds to the stream.
 * @throws {RangeError} If an option is unknown.
 */
export function feedForward(
  parameters: FeedForwardParameters,
  x: Tensor,
  options: { readonly activation: FeedForwardActivation; readonly inner?: (x: Tensor) => Tensor },
): Tensor {
  requireOptions("feedForward()", options, { activation: "string", inner: "function?" });
  const activation = requireOneOf("activation", options.activation, feedForwardActivations);
  const { w1, w2, w3, b1, b2, b3 } = parameters;
  return tf.tidy(() => {
    const first = linear(x, w1, b1);
    const hidden = {
      gelu: () => gelu(first),
      relu: () => tf.relu(first),
      swiglu: () => tf.mul(silu(first), linear(x, w3!, b3)),
    }[activation]();
    return linear(options.inner === undefined ? hidden : options.inner(hidden), w2, b2);
  });
}
