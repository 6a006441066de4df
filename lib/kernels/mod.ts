/**
 * Fused kernels, one for a whole norm, activation or optimizer step, on WebGPU, WASM and CPU.
 *
 * @module
 */

export { callKernel, hasKernel, type KernelGradient, registerKernelGradient } from "./call.ts";
export type {
  AddGpasAttributes,
  AttentionAttributes,
  Contract,
  GateActivation,
  KernelName,
  Kernels,
  NormAttributes,
  NormKind,
  TensorInfo,
} from "./contract.ts";
export { KernelUnavailableError } from "./half.ts";
export { installKernels, type KernelReport, removeKernels } from "./install.ts";
export type { KernelSet } from "./kernel_set.ts";
export { type BackendInUse, type BackendOptions, useBackend } from "./use_backend.ts";
