// The kinds of models by their names, as run records and files of settings have them.

import { requireOneOf } from "../core/check.ts";
import {
  type EncoderConfig,
  type EncoderDecoderConfig,
  encoderDecoderTransformer,
  encoderTransformer,
  type SpeechConfig,
  speechTransformer,
  type Transformer,
  type VisionConfig,
  visionTransformer,
} from "./models.ts";
import { completeLayers } from "./settings.ts";

/** The configuration of each kind of model. */
interface Configs {
  readonly encoder: EncoderConfig;
  readonly "encoder-decoder": EncoderDecoderConfig;
  readonly vision: VisionConfig;
  readonly speech: SpeechConfig;
}

/** The name of a kind of model. */
export type TransformerKind = keyof Configs;

/** A kind of model with its configuration. */
export type TransformerConfig<K extends TransformerKind = TransformerKind> = {
  readonly [Kind in K]: { readonly kind: Kind } & Configs[Kind];
}[K];

const makers: { readonly [K in TransformerKind]: (config: Configs[K]) => Transformer } = {
  encoder: encoderTransformer,
  "encoder-decoder": encoderDecoderTransformer,
  vision: visionTransformer,
  speech: speechTransformer,
};

/** Every kind. */
export const transformerKinds: readonly string[] = Object.keys(makers);

/**
 * The model of a kind.
 *
 * @param config Its kind and its configuration.
 * @returns The model.
 * @throws {RangeError} If the kind or a value is out of range or unknown.
 */
export function transformer({ kind, ...config }: TransformerConfig): Transformer {
  requireOneOf("kind", kind, transformerKinds);
  return (makers[kind] as (config: object) => Transformer)(config);
}

/**
 * A configuration with every choice about its layers made, as data: the residual variant by its id.
 *
 * @param config The configuration.
 * @returns The complete configuration.
 * @throws {RangeError} If a value is out of range or unknown.
 */
export function completeTransformer<K extends TransformerKind>(
  config: TransformerConfig<K>,
): TransformerConfig<K> & { readonly residual: string } {
  const layers = completeLayers(config);
  return { ...config, ...layers, residual: layers.residual.id };
}
