// The kinds of models by their names, as run records and files of settings have them.

import { requireOneOf } from "../core/check.ts";
import type { MakeLayers } from "./layers.ts";
import {
  type EncoderConfig,
  type EncoderDecoderConfig,
  encoderDecoderTransformer,
  encoderTransformer,
  type ImageTextConfig,
  imageTextTransformer,
  type SpeechConfig,
  speechTransformer,
  type Transformer,
  type VisionConfig,
  visionTransformer,
} from "./models.ts";
import { completeLayers } from "./settings.ts";

/** The configuration of each kind of model. */
export interface TransformerConfigs {
  /** An encoder of tokens. */
  readonly encoder: EncoderConfig;
  /** An encoder whose output a decoder attends to. */
  readonly "encoder-decoder": EncoderDecoderConfig;
  /** An encoder of images. */
  readonly vision: VisionConfig;
  /** An encoder of sounds. */
  readonly speech: SpeechConfig;
  /** An encoder of images with texts. */
  readonly "image-text": ImageTextConfig;
}

/** The name of a kind of model. */
export type TransformerKind = keyof TransformerConfigs;

/** A kind of model with its configuration. */
export type TransformerConfig<K extends TransformerKind = TransformerKind> = {
  readonly [Kind in K]: { readonly kind: Kind } & TransformerConfigs[Kind];
}[K];

const makers: {
  readonly [K in TransformerKind]: (
    config: TransformerConfigs[K],
    make?: MakeLayers,
  ) => Transformer;
} = {
  encoder: encoderTransformer,
  "encoder-decoder": encoderDecoderTransformer,
  vision: visionTransformer,
  speech: speechTransformer,
  "image-text": imageTextTransformer,
};

/** Their names. */
export const transformerKinds: readonly string[] = Object.keys(makers);

/**
 * The model of a kind.
 *
 * @param config Its kind and its configuration.
 * @param make Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model.
 * @throws {RangeError} If the kind or a value is out of range or unknown.
 */
export function transformer(
  { kind, ...config }: TransformerConfig,
  make?: MakeLayers,
): Transformer {
  requireOneOf("kind", kind, transformerKinds);
  return (makers[kind] as (config: object, make?: MakeLayers) => Transformer)(config, make);
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
