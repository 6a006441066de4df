// The kernels of the CPU backend: plain loops in float64, the reference for the others.

import type { Kernels } from "../contract.ts";
import type { KernelSet } from "../kernel_set.ts";
import { adamWKernel, globalNormKernel } from "./adamw.ts";
import { attentionGradientKernel, attentionKernel } from "./attention.ts";
import { causalSoftmaxGradientKernel, causalSoftmaxKernel } from "./causal_softmax.ts";
import { crossEntropyGradientKernel, crossEntropyKernel } from "./cross_entropy.ts";
import { geluGradientKernel, geluKernel } from "./gelu.ts";
import { addGpasGradientKernel, addGpasKernel, gpasGradientKernel, gpasKernel } from "./gpas.ts";
import { linearGradientKernel, linearKernel, scatterRowsKernel } from "./linear.ts";
import { addNormGradientKernel, addNormKernel, normGradientKernel, normKernel } from "./norm.ts";
import type { CpuBackend } from "./plain_kernel.ts";

const kernels: Kernels<CpuBackend> = {
  NormkitNorm: normKernel,
  NormkitNormGradient: normGradientKernel,
  NormkitAddNorm: addNormKernel,
  NormkitAddNormGradient: addNormGradientKernel,
  NormkitGpas: gpasKernel,
  NormkitGpasGradient: gpasGradientKernel,
  NormkitAddGpas: addGpasKernel,
  NormkitAddGpasGradient: addGpasGradientKernel,
  NormkitGelu: geluKernel,
  NormkitGeluGradient: geluGradientKernel,
  NormkitCausalSoftmax: causalSoftmaxKernel,
  NormkitCausalSoftmaxGradient: causalSoftmaxGradientKernel,
  NormkitAttention: attentionKernel,
  NormkitAttentionGradient: attentionGradientKernel,
  NormkitCrossEntropy: crossEntropyKernel,
  NormkitCrossEntropyGradient: crossEntropyGradientKernel,
  NormkitLinear: linearKernel,
  NormkitLinearGradient: linearGradientKernel,
  NormkitScatterRows: scatterRowsKernel,
  NormkitGlobalNorm: globalNormKernel,
  NormkitAdamW: adamWKernel,
};

/** @returns The kernels of the CPU backend. */
export function cpuKernels(): KernelSet {
  return { kernels, replacements: {}, detail: "plain loops in float64", absent: {} };
}
