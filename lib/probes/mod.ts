/**
 * Looks into a model: named activations and gradients as rows of numbers, never tensors.
 *
 * @module
 */

export { type AngleRow, probeAngles } from "./angles.ts";
export { probeAll, type ProbeRow } from "./all.ts";
export { type AttentionRow, probeAttention } from "./attention.ts";
export { type InputRow, type NormRow, probeInputs, probeNorms } from "./inputs.ts";
export type { ProbedBatch, ProbedInputs, ProbedModel } from "./observe.ts";
export { type OutputRow, type OutputWatch, watchOutput } from "./output.ts";
export {
  type GateRow,
  type GradientRow,
  probeGates,
  probeGradients,
  probeUpdates,
  type UpdateRow,
} from "./parameters.ts";
export { probeRemoval, type RemovalRow } from "./removal.ts";
export { type BranchRow, probeBranches, probeStream, type StreamRow } from "./stream.ts";
