// One-hot rows as floats. tfjs's WASM backend writes the integer 1 whatever dtype is asked for, hence the cast.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

/** @returns [N, classes], 1 where the class is the row's id. */
export function oneHot(ids: Int32Array, classes: number): Tensor {
  return tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), classes), "float32");
}
