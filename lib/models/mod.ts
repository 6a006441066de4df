/**
 * Small Transformers: the decoder, the runner of residual variants, and generation.
 *
 * @module
 */

export { type CompleteConfig, completeConfig, type DecoderConfig } from "./config.ts";
export {
  type BlockParameters,
  decoder,
  type DecoderOptions,
  type DecoderParameters,
  initDecoder,
  type Tokens,
} from "./decoder.ts";
export { type Gate, isGate, readGates } from "./gates.ts";
export { generate, type GenerateOptions } from "./generate.ts";
export type { EndParameters, JointParameters, SiteNorms, Tap } from "./stack.ts";
