// A linear map, y = x · W + b, its matrix stored (in, out).

import * as tf from "@tensorflow/tfjs";
import type { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import { matMul } from "../ops/mat_mul.ts";

/**
 * A matrix of normal numbers.
 *
 * Shapes: returns [rows, columns]
 *
 * @param random Where it is drawn from.
 * @param shape Its shape.
 * @param std Their standard deviation.
 * @returns The matrix.
 */
export function initMatrix(random: Random, shape: readonly [number, number], std: number): Tensor {
  return tf.tensor2d(random.normals(shape[0] * shape[1], std), [...shape]);
}

/**
 * A linear map.
 *
 * Shapes: x [..., I] · w [I, O] · b [O] · returns [..., O]
 *
 * @param x The values.
 * @param w The matrix.
 * @param b The bias, if there is one.
 * @returns x · w + b.
 * @throws {RangeError} If the last axis of `x` is not the first of `w`, or the bias does not fit.
 */
export function linear(x: Tensor, w: Tensor, b?: Tensor): Tensor {
  return matMul(x, w, b);
}
