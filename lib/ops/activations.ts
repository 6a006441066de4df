// Element-wise activation functions by name: those of the feed-forward network and those that GPAS may apply to its gate.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import type { GateActivation } from "../kernels/contract.ts";
import { clamp, leakyRelu, sigmoid, tanh } from "./second_derivatives.ts";
import { zerosFrom } from "./zeros.ts";

/** A function of one tensor, element by element. */
export type Activation = (x: Tensor) => Tensor;

/** A function of floats, composed of tfjs operations. */
function elementwise(f: Activation): Activation {
  return (x) => {
    requireDtype("float32", { x });
    return x.size === 0 ? zerosFrom(x.shape, [x]) : tf.tidy(() => f(x));
  };
}

/**
 * SiLU, x · sigmoid(x).
 *
 * Shapes: x any · returns the same
 *
 * @param x Any float32 tensor.
 * @returns SiLU of each element.
 * @throws {TypeError} If `x` is not float32.
 */
export const silu: Activation = elementwise((x) => tf.mul(x, sigmoid(x)));

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
    const held = clamp(x); // the slope of the cube of larger ones would become infinite
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(held, tf.mul(0.044715, tf.pow(held, 3))));
    return tf.mul(tf.mul(x, 0.5), tf.add(1, tanh(inner)));
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
 * @param x Any float32 tensor.
 * @param options Which form.
 * @returns GELU of each element.
 * @throws {RangeError} If the approximation is unknown.
 * @throws {TypeError} If `x` is not float32.
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  requireOptions("gelu()", options, { approximation: "string?" });
  const approximation = requireOneOf("approximation", options.approximation ?? "none", [
    "none",
    "tanh",
  ]);
  requireDtype("float32", { x });
  if (x.size === 0) return zerosFrom(x.shape, [x]);
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
  "identity": elementwise((x) => x),
  "relu": elementwise((x) => tf.relu(x)),
  "tanh": elementwise(tanh),
  "leaky-relu": elementwise(leakyRelu),
  "scaled-silu": elementwise((x) => tf.mul(x, sigmoid(tf.mul(x, 8)))),
};
