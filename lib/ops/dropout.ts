// Dropout whose mask is drawn on the host, so that a run repeats on every backend.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireNumber } from "../core/check.ts";
import type { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { zerosFrom } from "./zeros.ts";

/**
 * Sets a random share of the values to 0 and scales the others by 1 / (1 − rate).
 *
 * Shapes: x any · returns the same
 * Source: Srivastava et al. 2014, in its inverted form.
 *
 * @param x The values.
 * @param rate The share that is dropped, in [0, 1).
 * @param random Where the mask is drawn from.
 * @returns The values that are kept, scaled.
 * @throws {RangeError} If the rate is not in [0, 1).
 * @throws {TypeError} If `x` is not float32.
 */
export function dropout(x: Tensor, rate: number, random: Random): Tensor {
  requireDtype("float32", { x });
  requireNumber("dropout", rate, { min: 0, below: 1 });
  if (rate === 0) return x;
  if (x.size === 0) return zerosFrom(x.shape, [x]);
  const kept = 1 / (1 - rate);
  const mask = new Float32Array(x.size);
  for (let at = 0; at < mask.length; at++) mask[at] = random.uniform() < rate ? 0 : kept;
  return tf.tidy(() => tf.mul(x, tf.tensor(mask, x.shape)));
}
