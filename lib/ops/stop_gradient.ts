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
  const stopped = tf.customGrad((input) => {
    const value = (input as Tensor).clone();
    return { value, gradFunc: () => tf.zerosLike(value) };
  });
  return stopped(x);
}
