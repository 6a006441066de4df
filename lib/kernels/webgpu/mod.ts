// The kernels of the WebGPU backend.

import * as tf from "@tensorflow/tfjs";
import type { KernelSet } from "../kernel_set.ts";
import { adamWKernels } from "./adamw.ts";
import { attentionKernels } from "./attention.ts";
import { causalSoftmaxKernels } from "./causal_softmax.ts";
import { sumReplacement } from "./column_sum.ts";
import { crossEntropyKernels } from "./cross_entropy.ts";
import { geluKernels } from "./gelu.ts";
import { globalNormKernels } from "./global_norm.ts";
import { gpasKernels } from "./gpas.ts";
import { halfKernels } from "./half.ts";
import { linearKernels } from "./linear.ts";
import { normKernels } from "./norm.ts";
import { productReplacements, softwareProduct } from "./product.ts";
import { openRunner } from "./runner.ts";
import type { WebGpuBackend } from "./runner_types.ts";
import { scatterRowsKernels } from "./scatter_rows.ts";
import { chooseStrategy, type RowStrategy } from "./strategy.ts";
import { transposeReplacement } from "./transpose.ts";

/**
 * The kernels of the WebGPU backend, bound to the device of the one in use.
 *
 * @param rows Shares rows in this way wherever it can run, for tests; by default the device decides.
 * @returns The kernels.
 */
export async function webGpuKernels(rows?: RowStrategy): Promise<KernelSet> {
  const backend = tf.backend() as unknown as WebGpuBackend;
  const runner = openRunner(backend);
  const strategy = await chooseStrategy(backend.device, rows);
  const product = strategy.software ? softwareProduct(runner, strategy) : undefined;
  return {
    kernels: {
      ...adamWKernels(runner),
      ...attentionKernels(runner),
      ...causalSoftmaxKernels(runner, strategy),
      ...crossEntropyKernels(runner, strategy),
      ...geluKernels(runner),
      ...globalNormKernels(runner, strategy),
      ...gpasKernels(runner, strategy),
      ...halfKernels(runner, strategy),
      ...linearKernels(runner, product),
      ...normKernels(runner, strategy),
      ...scatterRowsKernels(runner),
    },
    replacements: product === undefined ? {} : {
      ...productReplacements(product),
      ...sumReplacement(runner),
      ...transposeReplacement(runner),
    },
    detail: strategy.reason,
    absent: {},
  };
}
