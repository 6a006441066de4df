// The loss of a language model: the mean cross entropy of logits and token ids.

import * as tf from "@tensorflow/tfjs";
import { requireDtype } from "../core/check.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import { oneHot } from "./one_hot.ts";
import { logSoftmax } from "./second_derivatives.ts";

/**
 * Mean cross entropy of integer labels.
 *
 * ```
 * loss = −mean over rows of log softmax(logits)[label]
 * ```
 *
 * Shapes: logits [..., V] · labels as many numbers as rows · returns []
 * Units: nats per row.
 *
 * @param logits Unnormalized log probabilities.
 * @param labels The right class of each row, in [0, V).
 * @returns The loss, a scalar.
 * @throws {RangeError} If there are no rows or no classes, not as many labels as rows, or a label is not a class.
 * @throws {TypeError} If the logits are not float32.
 */
export function crossEntropy(logits: Tensor, labels: Int32Array): Scalar {
  requireDtype("float32", { logits });
  const classes = logits.shape.at(-1);
  if (classes === undefined || logits.size === 0) {
    throw new RangeError(
      `Cannot take the mean over logits of shape [${
        logits.shape.join(", ")
      }]: they must be [..., V], one row at least`,
    );
  }
  const rows = logits.size / classes;
  if (labels.length !== rows) {
    throw new RangeError(
      `Cannot compare ${rows} rows of logits with ${labels.length} labels: they must be as many`,
    );
  }
  const bad = labels.find((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (bad !== undefined) {
    throw new RangeError(`Cannot use label ${bad}: classes go from 0 to ${classes - 1}`);
  }
  return tf.tidy(() => {
    const flat = tf.reshape(logits, [rows, classes]);
    if (hasKernel("NormkitCrossEntropy")) {
      const ids = tf.tensor1d(labels, "int32");
      return callKernel("NormkitCrossEntropy", [flat, ids], {})[0]!.asScalar();
    }
    const picked = tf.mul(oneHot(labels, classes), logSoftmax(flat));
    return tf.div(tf.sum(picked), -rows).asScalar();
  });
}

registerKernelGradient("NormkitCrossEntropy", {
  keepInputs: true,
  keepOutputs: [false, true],
  gradient: ([dLoss], kept) => callKernel("NormkitCrossEntropyGradient", [dLoss!, ...kept], {}),
});
