/**
 * Differentiable functions on tensors: the norms, GPAS, and what a small Transformer needs around them.
 *
 * @module
 */

export type { NormOptions } from "./_norm.ts";
export {
  type Activation,
  type GateActivation,
  gateActivations,
  gelu,
  silu,
} from "./activations.ts";
export { crmsNorm } from "./crms_norm.ts";
export { crossEntropy } from "./cross_entropy.ts";
export { dropout } from "./dropout.ts";
export { gpas, type GpasOptions } from "./gpas.ts";
export { layerNorm } from "./layer_norm.ts";
export { lookup } from "./lookup.ts";
export { matMul } from "./mat_mul.ts";
export { rmsNorm } from "./rms_norm.ts";
export { rotary } from "./rotary.ts";
export { stopGradient } from "./stop_gradient.ts";
