// The mean cross entropy of integer labels, with its gradient.

import { type CpuKernel, plainKernel } from "./plain_kernel.ts";

/** log Σ exp(row) */
function logSumExp(row: Float32Array | Int32Array): number {
  let highest = -Infinity;
  for (const logit of row) highest = Math.max(highest, logit);
  let total = 0;
  for (const logit of row) total += Math.exp(logit - highest);
  return highest + Math.log(total);
}

/** The loss, and log Σ exp of each row for the gradient. */
export const crossEntropyKernel: CpuKernel<"NormkitCrossEntropy"> = plainKernel(
  ([logits, labels]) => {
    const [rows, classes] = logits!.shape as [number, number];
    const logs = new Float32Array(rows);
    let total = 0;
    for (let row = 0; row < rows; row++) {
      const start = row * classes;
      const log = logSumExp(logits!.values.subarray(start, start + classes));
      total += log - logits!.values[start + labels!.values[row]!]!;
      logs[row] = log;
    }
    return [{ shape: [], values: Float32Array.of(total / rows) }, { shape: [rows], values: logs }];
  },
);

/** dLoss · (softmax(logits) − onehot(label)) / rows */
export const crossEntropyGradientKernel: CpuKernel<"NormkitCrossEntropyGradient"> = plainKernel(
  ([dLoss, logits, labels, logs]) => {
    const [rows, classes] = logits!.shape as [number, number];
    const scale = dLoss!.values[0]! / rows;
    const dLogits = new Float32Array(rows * classes);
    for (let row = 0; row < rows; row++) {
      for (let v = 0; v < classes; v++) {
        const at = row * classes + v;
        const probability = Math.exp(logits!.values[at]! - logs!.values[row]!);
        dLogits[at] = scale * (probability - (v === labels!.values[row] ? 1 : 0));
      }
    }
    return [{ shape: logits!.shape, values: dLogits }];
  },
);
