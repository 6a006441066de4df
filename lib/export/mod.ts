/**
 * Converted models for other engines: Llama's names and orders, ONNX, and a
 * description that can be implemented without this library.
 *
 * ```ts
 * import { convert, openModel, saveModel } from "@normkit/normkit/convert";
 * import { toLlama } from "@normkit/normkit/export";
 *
 * async function olmoToLlama(source: string, out: string): Promise<void> {
 *   using model = await openModel(source);
 *   await saveModel(out, toLlama(convert(model, { to: "pre-rmsnorm" })));
 * }
 * ```
 *
 * @module
 */

export type { TensorShape, TensorSource } from "../checkpoint/mod.ts";
export * from "../families/mod.ts";
export { hasOneEps, toGpt2 } from "./gpt2.ts";
export { toLlama } from "./llama.ts";
export { modelingDescription, saveModeling } from "./modeling.ts";
export type { ModelingDescription } from "./modeling_description.ts";
export type { Formula } from "./modeling_formulas.ts";
export type { Resolved, ResolvedSpec } from "./modeling_resolve.ts";
export { modelingText } from "./modeling_text.ts";
export type { OnnxDType } from "./onnx_graph.ts";
export type { OnnxOptions } from "./onnx_model.ts";
export { type RmsOperator, rmsOperators } from "./onnx_weights.ts";
export { onnxBytes, type SavedOnnx, saveOnnx, type SaveOnnxOptions } from "./onnx_save.ts";
