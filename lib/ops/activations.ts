// Element-wise activation functions by name: those of the feed-forward network and those that GPAS may apply to its gate.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

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

/**
 * GELU in its exact form, x · Φ(x) = x · (1 + erf(x/√2)) / 2.
 *
 * Shapes: x any · returns the same
 * Source: Hendrycks & Gimpel 2016 (arXiv 1606.08415), Eq. 1.
 *
 * @param x Any float tensor.
 * @returns GELU of each element.
 */
export function gelu(x: Tensor): Tensor {
  return tf.tidy(() => {
    const half = tf.mul(x, 0.5);
    return tf.add(half, tf.mul(half, tf.erf(tf.mul(x, Math.SQRT1_2))));
  });
}

/** The activations that GPAS may apply to its gate; the paper uses SiLU. */
export type GateActivation = "silu" | "identity" | "relu" | "tanh" | "leaky-relu" | "scaled-silu";

/** Each gate activation as a function. */
export const gateActivations: Readonly<Record<GateActivation, Activation>> = {
  "silu": silu,
  "identity": (x) => x,
  "relu": (x) => tf.relu(x),
  "tanh": (x) => tf.tanh(x),
  "leaky-relu": (x) => tf.leakyRelu(x, 0.01),
  "scaled-silu": (x) => tf.tidy(() => tf.mul(x, tf.sigmoid(tf.mul(x, 8)))),
};
