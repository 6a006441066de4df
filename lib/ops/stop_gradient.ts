// Stop-gradient, which tfjs does not have.

import * as tf from "@tensorflow/tfjs";
import { requireDtype } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";

/**
 * The identity whose gradient is zero, sg(x).
 *
 * Shapes: x any · returns the same
 *
 * @param x Any float32 tensor.
 * @returns The values of `x`; nothing before it receives a gradient.
 * @throws {TypeError} If `x` is not float32.
 */
export function stopGradient(x: Tensor): Tensor {
  requireDtype("float32", { x });
  return constantOf(x, (input) => input.clone());
}

/**
 * What is computed of a tensor and counts as a constant.
 *
 * Shapes: x any · returns what `f` does
 *
 * @param x Any float32 tensor.
 * @param f The function, which needs no gradient.
 * @returns The value of `f`; nothing before it receives a gradient.
 */
export function constantOf(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const { shape } = x;
  const stopped = tf.customGrad((input) => ({
    value: f(input as Tensor),
    gradFunc: () => tf.zeros(shape),
  }));
  return stopped(x);
}
