// The configuration of a decoder: what a caller writes, and the complete, checked form that the model reads.

import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { requireNormPaths } from "../transformer/norm_paths.ts";
import {
  type CompleteLayers,
  completeLayers,
  layerKinds,
  type LayerOptions,
  requireDepth,
} from "../transformer/settings.ts";

/** The configuration of a decoder-only Transformer. */
export interface DecoderConfig extends LayerOptions {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** The longest sequence, in tokens. */
  readonly context: number;
  /** The number of layers L. */
  readonly depth: number;
  /** Whether the head is the embedding table; false by default. */
  readonly tied?: boolean;
}

/** A configuration with every choice made. */
export type CompleteConfig = CompleteLayers & Required<Omit<DecoderConfig, keyof LayerOptions>>;

/** What a configuration holds. */
export const decoderKinds: OptionKinds<DecoderConfig> = {
  vocabulary: "number",
  context: "number",
  depth: "number",
  tied: "boolean?",
  ...layerKinds,
};

/**
 * Checks a configuration and fills in what it leaves open.
 *
 * @param config What the caller wrote.
 * @returns The complete configuration.
 * @throws {RangeError} If a value is out of range or unknown; the message names it and what is allowed.
 */
export function completeConfig(config: DecoderConfig): CompleteConfig {
  requireOptions("a decoder", config, decoderKinds);
  const whole = (name: "vocabulary" | "context"): number =>
    requireInteger(name, config[name], { min: 1 });
  const depth = requireDepth("depth", config.depth);
  const layers = completeLayers(config);
  requireNormPaths(layers, [{ stack: "decoder", depth, prefix: "" }]);
  return {
    ...layers,
    vocabulary: whole("vocabulary"),
    context: whole("context"),
    depth,
    tied: config.tied ?? false,
  };
}
