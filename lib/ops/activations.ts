// Element-wise activation functions by name: those of the feed-forward network and those that GPAS may apply to its gate.

import * as tf from "@tensorflow/tfjs";
import { requireOneOf } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import type { GateActivation } from "../kernels/contract.ts";

/** A function of one tensor, element by element. */
export type Activation = (x: Tensor) => Tensor;

/**
 * SiLU, x · sigmoid(x).
 *
 * Shapes: x any · returns the same
 *
 * @param x Any float tensor.
 * @returns SiLU of each element.
 */
export function silu(x: Tensor): Tensor {
  return tf.tidy(() => tf.mul(x, tf.sigmoid(x)));
}

/** Options of {@linkcode gelu}. */
export interface GeluOptions {
  /** `none` (the default) is exact; `tanh` is the approximation that GPT-2 was trained with. */
  readonly approximation?: "none" | "tanh";
}

/** GELU composed of tfjs operations. */
const composedGelu: Readonly<Record<"none" | "tanh", Activation>> = {
  none: (x) => {
    const half = tf.mul(x, 0.5);
    return tf.add(half, tf.mul(half, tf.erf(tf.mul(x, Math.SQRT1_2))));
  },
  tanh: (x) => {
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3))));
    return tf.mul(tf.mul(x, 0.5), tf.add(1, tf.tanh(inner)));
  },
};

/**
 * GELU, x · Φ(x), exact or in its approximation by tanh.
 *
 * ```
 * none  x · (1 + erf(x/√2)) / 2
 * tanh  x · (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2
 * ```
 *
 * Shapes: x any · returns the same
 * Source: Hendrycks & Gimpel 2016 (arXiv 1606.08415), Eq. 1 and 2.
 *
 * @param x Any float tensor.
 * @param options Which form.
 * @returns GELU of each element.
 * @throws {RangeError} If the approximation is unknown.
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  const approximation = requireOneOf("approximation", options.approximation ?? "none", [
    "none",
    "tanh",
  ]);
  return hasKernel("NormkitGelu")
    ? callKernel("NormkitGelu", [x], { approximation })[0]!
    : tf.tidy(() => composedGelu[approximation](x));
}

registerKernelGradient("NormkitGelu", {
  keepInputs: true,
  gradient: ([dy], [x], attributes) => callKernel("NormkitGeluGradient", [dy!, x!], attributes),
});

/** Each gate activation as a function. */
export const gateActivations: Readonly<Record<GateActivation, Activation>> = {
  "silu": silu,
  "identity": (x) => x,
  "relu": (x) => tf.relu(x),
  "tanh": (x) => tf.tanh(x),
  "leaky-relu": (x) => tf.leakyRelu(x, 0.01),
  "scaled-silu": (x) => tf.tidy(() => tf.mul(x, tf.sigmoid(tf.mul(x, 8)))),
};
