// The norms, alone and after a residual addition, with their gradients.

import type { Kernels, NormAttributes } from "../contract.ts";
import { openNorms } from "./norm_run.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";
import type { Strategy } from "./strategy.ts";

/** The norm kernels on a device. */
export function normKernels(
  runner: Runner,
  strategy: Strategy,
): Pick<
  Kernels<WebGpuBackend>,
  "NormkitNorm" | "NormkitNormGradient" | "NormkitAddNorm" | "NormkitAddNormGradient"
> {
  const norms = openNorms(runner, strategy, "single");
  return {
    NormkitNorm: (inputs, attributes) => norms.forward("NormkitNorm", inputs, attributes),
    NormkitNormGradient: (inputs, attributes) =>
      norms.backward("NormkitNormGradient", inputs, attributes, false),
    NormkitAddNorm: (inputs, attributes) =>
      norms.forward("NormkitAddNorm", inputs, attributes, attributes.alpha),
    NormkitAddNormGradient: (inputs, attributes: NormAttributes) =>
      norms.backward("NormkitAddNormGradient", inputs, attributes, true),
  };
}
