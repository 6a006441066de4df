/**
 * Small decoder-only Transformers: configuration, start, logits, gates and generation.
 *
 * @module
 */

export { type CompleteConfig, completeConfig, type DecoderConfig } from "./config.ts";
export type {
  CompleteLayers,
  FeedForwardActivation,
  LayerOptions,
} from "../transformer/settings.ts";
export { decodeCtc, type DecodeCtcOptions } from "./ctc.ts";
export { decoder, type DecoderOptions, type Tokens } from "./decoder.ts";
export type { EagerInputs, TokenBatch } from "../interpret/eager.ts";
export type { RunOptions, Tap } from "../transformer/run.ts";
export { type Gate, isGate, readGates } from "./gates.ts";
export {
  generate,
  generateBatch,
  generateBatchWith,
  type GenerateOptions,
  generateWith,
  type LanguageModel,
} from "./generate.ts";
export type { SamplingOptions } from "./sampling.ts";
export {
  beamSearch,
  type EncoderDecoder,
  type SourceBatch,
  translate,
  type TranslateOptions,
} from "./translate.ts";
export type { BeamOptions } from "./beam_options.ts";
export type { Translation } from "./beam_search.ts";
export type { TokenRules } from "./token_rules.ts";
export type {
  DescribedDecoder,
  DescribedParameters,
  NamedTensors,
  TokenLimits,
} from "./described.ts";
export { readDecoder, readParameters, writeParameters } from "./parameters.ts";
export {
  type AttentionParameters,
  type BlockParameters,
  type DecoderParameters,
  type EndParameters,
  type FeedForwardParameters,
  initDecoder,
  type NormParameters,
} from "./initialization.ts";
