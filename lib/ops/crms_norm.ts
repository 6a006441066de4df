// CRMSNorm, composed of tfjs operations.

import * as tf from "@tensorflow/tfjs";
import { affine, checkNorm, type NormOptions } from "./_norm.ts";
import type { Tensor } from "../core/tensor.ts";

/**
 * Compressed root-mean-square normalization over the last axis.
 *
 * ```
 * y = x / √((Σx² + (Σx)²) / d + ε) · gain + bias,   d = length of x + 1
 * ```
 *
 * `x` holds the first d − 1 values of a vector with mean 0; the one left out is −Σx. The result is what
 * {@linkcode rmsNorm} of the whole vector gives, without its last value.
 *
 * Shapes: x [..., d−1] · gain [d−1] · bias [d−1] · returns [..., d−1]
 * Units: y has none when gain has none; ε is in units of x².
 * Source: Jiang et al. 2023, Eq. 5 (arXiv 2305.14858).
 *
 * @param x Compressed values to normalize; at least one.
 * @param options Gain, bias and ε (default 1e-5).
 * @returns A tensor of the shape of `x`.
 * @throws {RangeError} If the last axis of `x` and gain or bias differ, or ε is not above 0.
 * @throws {TypeError} If `x` is not float32.
 */
export function crmsNorm(x: Tensor, options: NormOptions = {}): Tensor {
  const eps = checkNorm(x, options);
  return tf.tidy(() => {
    const squares = tf.sum(tf.square(x), -1, true);
    const leftOut = tf.square(tf.sum(x, -1, true));
    const meanSquare = tf.div(tf.add(squares, leftOut), x.shape.at(-1)! + 1);
    return affine(tf.mul(x, tf.rsqrt(tf.add(meanSquare, eps))), options);
  });
}
