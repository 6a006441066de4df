// The loss of a language model: the mean cross entropy of logits and token ids.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import { lookup } from "./lookup.ts";
import { oneHot } from "./one_hot.ts";
import { logSoftmax } from "./second_derivatives.ts";

/** Which rows count, and what they are compared with. */
export interface CrossEntropyOptions {
  /** The label of rows that are left out of the mean, such as −1 or that of padding; none by default. */
  readonly ignore?: number;
  /** The share ε of each target that is spread over all classes alike, in [0, 1]; 0 by default. */
  readonly smoothing?: number;
}

const optionKinds: OptionKinds<CrossEntropyOptions> = { ignore: "number?", smoothing: "number?" };

/**
 * Mean cross entropy of integer labels.
 *
 * ```
 * loss = −mean over rows of Σ_v q_v log softmax(logits)_v,   q = (1 − ε) onehot(label) + ε / V
 * ```
 *
 * Shapes: logits [..., V] · labels as many numbers as rows · returns []
 * Units: nats per row.
 * Source: Szegedy et al. 2016, §7, for ε; both options are those of PyTorch's `cross_entropy`.
 *
 * @param logits Unnormalized log probabilities.
 * @param labels The right class of each row, in [0, V), or `ignore`.
 * @param options Which rows are left out, and ε.
 * @returns The loss, a scalar; rows that are left out get no gradient.
 * @throws {RangeError} If there are no rows or no classes, not as many labels as rows, a label is not a class, all rows are left
 *   out, or the smoothing is out of range.
 * @throws {TypeError} If the logits are not float32.
 */
export function crossEntropy(
  logits: Tensor,
  labels: Int32Array,
  options: CrossEntropyOptions = {},
): Scalar {
  requireOptions("crossEntropy()", options, optionKinds);
  requireDtype("float32", { logits });
  const smoothing = requireNumber("smoothing", options.smoothing ?? 0, { min: 0, max: 1 });
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
  const isKept = (label: number): boolean => label !== options.ignore;
  const bad = labels.find((label) =>
    isKept(label) && (!Number.isInteger(label) || label < 0 || label >= classes)
  );
  if (bad !== undefined) {
    throw new RangeError(`Cannot use label ${bad}: classes go from 0 to ${classes - 1}`);
  }
  const kept = Int32Array.from(labels.keys()).filter((row) => isKept(labels[row]!));
  if (kept.length === 0) {
    throw new RangeError(
      `Cannot take the mean over no rows: the labels of all ${rows} are ${options.ignore}, which is left out`,
    );
  }
  return tf.tidy(() => {
    const flat = tf.reshape(logits, [rows, classes]);
    return kept.length === rows
      ? smoothedLoss(flat, labels, smoothing)
      : smoothedLoss(lookup(flat, kept), labels.filter(isKept), smoothing);
  });
}

/** The loss of rows that all count. Logits [N, V] and labels [N] give []. */
function smoothedLoss(logits: Tensor, labels: Int32Array, smoothing: number): Scalar {
  const loss = meanLoss(logits, labels);
  if (smoothing === 0) return loss;
  // log Σ exp is there for any target, so that only the logits' mean remains: + ε · (z[label] − mean z)
  const [rows, classes] = logits.shape as [number, number];
  const moved = tf.mul(tf.sub(oneHot(labels, classes), 1 / classes), smoothing / rows);
  return tf.add(loss, tf.sum(tf.mul(moved, logits))).asScalar();
}

function meanLoss(logits: Tensor, labels: Int32Array): Scalar {
  if (hasKernel("NormkitCrossEntropy")) {
    const ids = tf.tensor1d(labels, "int32");
    return callKernel("NormkitCrossEntropy", [logits, ids], {})[0]!.asScalar();
  }
  const [rows, classes] = logits.shape as [number, number];
  const picked = tf.mul(oneHot(labels, classes), logSoftmax(logits));
  return tf.div(tf.sum(picked), -rows).asScalar();
}

registerKernelGradient("NormkitCrossEntropy", {
  keepInputs: true,
  keepOutputs: [false, true],
  gradient: ([dLoss], kept) => callKernel("NormkitCrossEntropyGradient", [dLoss!, ...kept], {}),
});
