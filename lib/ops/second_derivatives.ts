// Functions with right second derivatives where tfjs gives wrong ones or none: it takes their gradient from the result and loses what
// that gradient depends on. Inside a gradient of a gradient it is taken from the input here.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import { isNestedGradient } from "../kernels/call.ts";

type Unary = (x: Tensor) => Tensor;

/** A function with the product of a gradient and its derivative at x. */
function repeatable(f: Unary, pullBack: (dy: Tensor, x: Tensor) => Tensor): Unary {
  const twice: Unary = tf.customGrad((...given) => {
    const [x, save] = given as unknown as [Tensor, tf.GradSaveFunc];
    save([x]);
    return { value: f(x), gradFunc: (dy, [x]) => pullBack(dy, x!) };
  });
  return (x) => isNestedGradient() ? twice(x) : f(x);
}

/** 1 / (1 + exp(−x)) */
export const sigmoid: Unary = repeatable(
  (x) => tf.sigmoid(x),
  (dy, x) => tf.mul(dy, tf.mul(sigmoid(x), sigmoid(tf.neg(x)))),
);

/** The hyperbolic tangent. */
export const tanh: Unary = repeatable(
  (x) => tf.tanh(x),
  (dy, x) => tf.mul(dy, tf.sub(1, tf.square(tanh(x)))),
);

/** x, or for x ≤ 0 a hundredth of it. */
export const leakyRelu: Unary = repeatable(
  (x) => tf.leakyRelu(x, 0.01),
  (dy, x) => tf.mul(dy, tf.step(x, 0.01)),
);

/** x between −30 and 30, where what saturates has done so. */
export const clamp: Unary = repeatable(
  (x) => tf.clipByValue(x, -30, 30),
  (dy, x) => tf.mul(dy, tf.step(tf.sub(900, tf.square(x)))),
);

/** The softmax over the last axis. */
export const softmax: Unary = repeatable(
  (x) => tf.softmax(x),
  (dy, x) => {
    const shares = softmax(x);
    return tf.mul(shares, tf.sub(dy, tf.sum(tf.mul(dy, shares), -1, true)));
  },
);

/** Its logarithm. */
export const logSoftmax: Unary = repeatable(
  (x) => tf.logSoftmax(x),
  (dy, x) => tf.sub(dy, tf.mul(softmax(x), tf.sum(dy, -1, true))),
);

/** log Σ exp over the last axis, which it takes away. */
export const logSumExp: Unary = repeatable(
  (x) => tf.logSumExp(x, -1),
  (dy, x) => tf.mul(tf.expandDims(dy, -1), softmax(x)),
);

/** What stands for −∞ among logarithms of probabilities: far below them, and a number, so that it can be subtracted from itself. */
export const lowest = -1e30;

/** x, or that number in place of less. */
export const finite: Unary = repeatable(
  (x) => tf.maximum(x, lowest),
  (dy, x) => tf.mul(dy, tf.step(tf.sub(x, lowest))),
);
