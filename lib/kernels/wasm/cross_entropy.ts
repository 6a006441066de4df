// The mean cross entropy of integer labels, with its gradient.

import type { Kernels } from "../contract.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** Logits that are worth waking a thread for. */
const worthThread = 16_384;

/** @returns The kernels of the cross entropy. */
export function crossEntropyKernels(
  runtime: Runtime,
): Pick<Kernels<WasmBackend>, "NormkitCrossEntropy" | "NormkitCrossEntropyGradient"> {
  return {
    NormkitCrossEntropy: ([logits, labels]) => {
      const [rows, classes] = logits!.shape as [number, number];
      const [loss, logSumExp] = [runtime.output([]), runtime.output([rows])];
      const losses = runtime.scratch(rows * 8);
      const from = [logits!, labels!].map(runtime.address);
      const to = runtime.address(logSumExp);
      runtime.split(
        "crossEntropy",
        rows,
        Math.ceil(worthThread / classes),
        (first, count) => [...from, losses, to, classes, first, count],
      );
      const total = runtime.doubles(losses, rows).reduce((sum, term) => sum + term, 0);
      runtime.setScalar(loss, total / rows);
      return [loss, logSumExp];
    },
    NormkitCrossEntropyGradient: ([dLoss, logits, labels, logSumExp]) => {
      const [rows, classes] = logits!.shape as [number, number];
      const dLogits = runtime.output(logits!.shape);
      const addresses = [logits!, labels!, logSumExp!, dLogits].map(runtime.address);
      const scale = runtime.scalar(dLoss!) / rows;
      runtime.split(
        "crossEntropyGradient",
        rows,
        Math.ceil(worthThread / classes),
        (first, count) => [...addresses, scale, classes, first, count],
      );
      return [dLogits];
    },
  };
}
