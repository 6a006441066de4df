// The kernels of the WASM backend.

import * as tf from "@tensorflow/tfjs";
import type { KernelSet } from "../kernel_set.ts";
import { addReplacement } from "./add.ts";
import { attentionKernels } from "./attention.ts";
import { causalSoftmaxKernels } from "./causal_softmax.ts";
import { crossEntropyKernels } from "./cross_entropy.ts";
import { geluKernels } from "./gelu.ts";
import { gpasKernels } from "./gpas.ts";
import { identityReplacement } from "./identity.ts";
import { linearKernels } from "./linear.ts";
import { matMulReplacements } from "./mat_mul.ts";
import { normKernels } from "./norm.ts";
import { oneHotReplacement } from "./one_hot.ts";
import { optimizerKernels } from "./optimizer.ts";
import { rowReplacements } from "./rows.ts";
import { openRuntime, type WasmBackend } from "./runtime.ts";
import { scatterRowsKernels } from "./scatter_rows.ts";
import { segmentSumReplacement } from "./segment_sum.ts";

/** @returns The kernels of the WASM backend, bound to the memory of the one in use; with one thread at first. */
export function wasmKernels(): KernelSet {
  const runtime = openRuntime(tf.backend() as unknown as WasmBackend);
  return {
    kernels: {
      ...linearKernels(runtime),
      ...gpasKernels(runtime),
      ...optimizerKernels(runtime),
      ...scatterRowsKernels(runtime),
      ...normKernels(runtime),
      ...geluKernels(runtime),
      ...attentionKernels(runtime),
      ...causalSoftmaxKernels(runtime),
      ...crossEntropyKernels(runtime),
    },
    replacements: {
      ...matMulReplacements(runtime),
      ...identityReplacement(),
      ...oneHotReplacement(),
      ...segmentSumReplacement(runtime),
      ...rowReplacements(runtime),
      ...addReplacement(runtime),
    },
    get detail(): string {
      return runtime.detail;
    },
    setThreads: (count) => runtime.setThreads(count),
    absent: {},
  };
}
