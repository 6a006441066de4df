// The softmax of attention scores under a causal mask, with its gradient.

import type { Kernels, TensorInfo } from "../contract.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** Scores that are worth waking a thread for. */
const worthThread = 16_384;

/** Calls a function on all rows of tensors [N, T, S]: those that it reads, then the one that it writes. */
function splitRows(
  runtime: Runtime,
  name: string,
  tensors: readonly TensorInfo[],
  scale: number,
): void {
  const [batch, queries, keys] = tensors.at(-1)!.shape as [number, number, number];
  const addresses = tensors.map(runtime.address);
  runtime.split(
    name,
    batch * queries,
    Math.ceil(worthThread / keys),
    (first, count) => [...addresses, queries, keys, scale, first, count],
  );
}

/** @returns The kernels of the causal softmax. */
export function causalSoftmaxKernels(
  runtime: Runtime,
): Pick<Kernels<WasmBackend>, "NormkitCausalSoftmax" | "NormkitCausalSoftmaxGradient"> {
  return {
    NormkitCausalSoftmax: ([scores], { scale }) => {
      const pattern = runtime.output(scores!.shape);
      splitRows(runtime, "causalSoftmax", [scores!, pattern], scale);
      return [pattern];
    },
    NormkitCausalSoftmaxGradient: ([dy, pattern], { scale }) => {
      const dScores = runtime.output(pattern!.shape);
      splitRows(runtime, "causalSoftmaxGradient", [dy!, pattern!, dScores], scale);
      return [dScores];
    },
  };
}
