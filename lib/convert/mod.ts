/**
 * The lossless conversion of checkpoints, Pre-LN → Pre-RMSNorm → Pre-CRMSNorm and back, with a certificate of the error; variants of
 * training folded away; and the forms in which a Pre-LN model trains as one of the others.
 *
 * ```ts
 * import { convert, openModel, saveModel, verify } from "@normkit/normkit/convert";
 *
 * async function toRms(source: string, out: string): Promise<boolean> {
 *   using model = await openModel(source);
 *   const converted = convert(model, { to: "pre-rmsnorm" });
 *   await saveModel(out, converted);
 *   return (await verify(model, converted)).passed;
 * }
 * ```
 *
 * @module
 */

export * from "../families/mod.ts";
export * from "../interpret/mod.ts";
export type { DType, TensorShape, TensorSource } from "../checkpoint/mod.ts";
export type { Certificate, Check, Coverage, ModelFacts } from "./certificate.ts";
export { certificateJson, certificateText } from "./certificate_text.ts";
export type { Comparison, LayerDifference } from "./compare.ts";
export type { ConfigComparison } from "./compare_configs.ts";
export type { FarthestNumber, TensorComparison } from "./compare_tensors.ts";
export { convert, type ConvertOptions, type Target, targets } from "./convert.ts";
export { type Difference, differenceOf } from "./difference.ts";
export { foldVariant, hasTricks } from "./fold_variant.ts";
export {
  type HeadFacts,
  inspect,
  type Inspection,
  inspectionText,
  type Possibility,
  type StackFacts,
} from "./inspect.ts";
export type { KeptParameters } from "./kept_norms.ts";
export { measurePerplexity, type Perplexity } from "./perplexity.ts";
export type { Agreement, OutputDifference } from "./output_difference.ts";
export { saveModel, type SaveOptions } from "./save.ts";
export {
  directForm,
  type TrainingForm,
  trainingForm,
  type TrainingFormName,
} from "./training_form.ts";
export { type Conversion, verify, type VerifyOptions } from "./verify.ts";
