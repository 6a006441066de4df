/**
 * Families of checkpoints: what each matrix, norm and embedding of a model is, as data.
 *
 * @module
 */

export type {
  ActivationName,
  Attention,
  Block,
  Branch,
  Convolution,
  Entry,
  Experts,
  FeedForward,
  Head,
  Linear,
  ModelSpec,
  NormSpec,
  Pool,
  QkvOrder,
  Relative,
  Rotary,
  Routing,
  RowKind,
  Sinusoids,
  Stack,
  StreamNorm,
  Table,
  Writer,
} from "../model/spec.ts";
export type {
  TransformerConfig,
  TransformerConfigs,
  TransformerKind,
} from "../transformer/kinds.ts";
export type {
  EncoderConfig,
  EncoderDecoderConfig,
  ImageTextConfig,
  Pooling,
  SpeechConfig,
  VisionConfig,
} from "../transformer/models.ts";
export type { AlibiRounding } from "./falcon.ts";
export type { ImageOptions } from "../transformer/settings.ts";
export type { Config, Family, Has, HeadKind, RefusedFamily } from "./family.ts";
export { decoderModel, transformerModel } from "./own_model.ts";
export { readTranslateOptions, translateOptionsOf } from "./generation_config.ts";
export {
  type LoadedEncoderDecoder,
  type LoadedModel,
  loadEncoderDecoder,
  loadLanguageModel,
  loadParameters,
} from "./language_model.ts";
export { describeModel, type Model, type StoredHead } from "./model.ts";
export { normkitConfig, normkitFamily, type OwnConfig } from "./normkit.ts";
export {
  type FoundConfig,
  type OpenModel,
  openModel,
  type OpenOptions,
  readConfig,
} from "./open.ts";
export { refusedFamilies } from "./refused.ts";
export { families, findFamily } from "./registry.ts";
