// The tensor types of tfjs under the names that this library's signatures use.

import type * as tf from "@tensorflow/tfjs";

/** A tensor of tfjs. */
export type Tensor = tf.Tensor;

/** A tensor of rank 0. */
export type Scalar = tf.Scalar;
