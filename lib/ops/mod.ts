/**
 * Differentiable functions on tensors: the norms, GPAS, and what a small Transformer needs around them.
 *
 * @module
 */

export type { NormOptions } from "./norm.ts";
export type { GateActivation, NormKind } from "../kernels/contract.ts";
export { type Activation, gateActivations, gelu, type GeluOptions, silu } from "./activations.ts";
export { type AddNorm, addNorm, type AddNormOptions } from "./add_norm.ts";
export { attention, type AttentionOptions } from "./attention.ts";
export { causalSoftmax } from "./causal_softmax.ts";
export { type CrmsLayout, crmsNorm, type CrmsNormOptions } from "./crms_norm.ts";
export { crossEntropy, type CrossEntropyOptions } from "./cross_entropy.ts";
export { ctcLoss } from "./ctc_loss.ts";
export type { CtcLabel, CtcOptions } from "./ctc_plan.ts";
export { dropout } from "./dropout.ts";
export { addGpas, type AddGpasOptions, gpas, type GpasOptions } from "./gpas.ts";
export {
  fromHalf,
  type Half,
  halfNorm,
  type HalfNormGradient,
  halfNormGradient,
  type HalfNormOptions,
  toHalf,
} from "./half.ts";
export { layerNorm } from "./layer_norm.ts";
export { lookup } from "./lookup.ts";
export { matMul } from "./mat_mul.ts";
export { rmsNorm } from "./rms_norm.ts";
export { rotary, type RotaryOptions } from "./rotary.ts";
export { stopGradient } from "./stop_gradient.ts";
