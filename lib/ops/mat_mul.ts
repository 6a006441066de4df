// The matrix product of the linear layers. tfjs differentiates a product into products with transposition flags, which its
// WASM backend runs in a plain loop; transposing first keeps all three on the fast path (ten times as fast at width 64).

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

/**
 * The product of a batch of rows with a matrix.
 *
 * Shapes: x [..., I] · w [I, O] · returns [..., O]
 *
 * @param x Rows; the leading axes are kept.
 * @param w The matrix, stored (in, out).
 * @returns x · w.
 * @throws {RangeError} If the last axis of `x` is not the first of `w`.
 */
export function matMul(x: Tensor, w: Tensor): Tensor {
  const [rows, columns] = w.shape;
  if (w.rank !== 2 || x.shape.at(-1) !== rows) {
    throw new RangeError(
      `Cannot multiply x of shape [${x.shape.join(", ")}] by a matrix of shape [${
        w.shape.join(", ")
      }]: ` +
        `the last axis of x must be the first of two`,
    );
  }
  return tf.tidy(() =>
    tf.reshape(product(tf.reshape(x, [-1, rows!]), w), [...x.shape.slice(0, -1), columns!])
  );
}

const product: (x: Tensor, w: Tensor) => Tensor = tf.customGrad((...inputs) => {
  const [x, w, save] = inputs as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  save([x, w]);
  return {
    value: tf.matMul(x, w),
    gradFunc: (dy, saved) => {
      const [x, w] = saved as [tf.Tensor2D, tf.Tensor2D];
      return [product(dy, tf.transpose(w)), product(tf.transpose(x), dy)];
    },
  };
});
