/**
 * The forward pass of a described model, in float64 or in float32 on the backend in use.
 *
 * @module
 */

export type { Arithmetic, RowNorm, Size } from "./arithmetic.ts";
export { float32 } from "./float32.ts";
export { float64 } from "./float64.ts";
export type { Matrix } from "./float64_matrix.ts";
export { type ModelOptions, type ModelOutputs, type OnLayer, runModel } from "./stream.ts";
export type { ModelInputs, Values } from "./inputs.ts";
export { nextTokenLoss } from "./next_token_loss.ts";
