// The models of tasks by their kinds: decoders, and what lib/transformer has besides.

import { completeConfig, type DecoderConfig } from "../decoder/config.ts";
import { decoderBlueprint } from "../decoder/spec.ts";
import {
  completeTransformer,
  transformer,
  type TransformerConfig,
  type TransformerKind,
} from "../transformer/kinds.ts";
import type { Transformer } from "../transformer/models.ts";

/** The name of a kind of model. */
export type ModelKind = TransformerKind | "decoder";

/** What a task's models are: those, and what is only trained further, hears sounds and writes tokens (Whisper). */
export type TaskKind = ModelKind | "speech-to-text";

/** A kind of model with its configuration. */
export type ModelConfig = TransformerConfig | ({ readonly kind: "decoder" } & DecoderConfig);

/**
 * The model of a kind.
 *
 * @param config Its kind and its configuration.
 * @returns The model.
 * @throws {RangeError} If a value is out of range or unknown.
 */
export function modelOf(config: ModelConfig): Transformer {
  if (config.kind !== "decoder") return transformer(config);
  const { kind: _, ...own } = config;
  const complete = completeConfig(own);
  return { ...decoderBlueprint(complete), dropout: complete.dropout };
}

/**
 * A configuration with every choice about its layers made, as data: the residual variant by its id.
 *
 * @param config The configuration.
 * @returns The complete configuration.
 * @throws {RangeError} If a value is out of range or unknown.
 */
export function completeModel(config: ModelConfig): ModelConfig & { readonly residual: string } {
  if (config.kind !== "decoder") return completeTransformer<TransformerKind>(config);
  const { kind, ...own } = config;
  const complete = completeConfig(own);
  return { kind, ...complete, residual: complete.residual.id };
}
