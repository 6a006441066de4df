// One-hot rows as floats, made on the host: tfjs's own have two classes or more, and integers as their data.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

/**
 * Classes as rows of a 1 among zeros.
 *
 * Shapes: ids N numbers · returns [N, classes], 1 where the class is the row's id
 */
export function oneHot(ids: Int32Array, classes: number): Tensor {
  const values = new Float32Array(ids.length * classes);
  ids.forEach((id, row) => values[row * classes + id] = 1);
  return tf.tensor2d(values, [ids.length, classes]);
}
