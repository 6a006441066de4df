// Rows times a matrix, with a bias: our product on software adapters, tfjs's own on hardware.

import * as tf from "@tensorflow/tfjs";
import type { Kernels, TensorInfo } from "../contract.ts";
import type { Product } from "./product.ts";
import type { WebGpuBackend } from "./runner_types.ts";

/**
 * The kernel of linear layers.
 *
 * @param product The product, where it is ours.
 * @returns The kernel.
 */
export function linearKernels(product: Product | undefined): Partial<Kernels<WebGpuBackend>> {
  const { kernelFunc } = tf.getKernel("_FusedMatMul", "webgpu");
  return {
    NormkitLinear: ([a, b, bias], _, backend) => {
      if (product !== undefined) return [product({ a: a!, b: b!, bias })];
      const inputs = { a, b, bias };
      const attrs = { transposeA: false, transposeB: false, activation: null };
      return [kernelFunc({ inputs, attrs, backend } as never) as TensorInfo];
    },
  };
}
