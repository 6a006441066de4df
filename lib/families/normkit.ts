// normkit's own models: what `train` leaves, and what `fold` makes of it. A decoder's configuration names no kind, another one's does.

import { requireOptions } from "../core/options.ts";
import { completeConfig, type DecoderConfig, decoderKinds } from "../decoder/config.ts";
import { decoderBlueprint } from "../decoder/spec.ts";
import { isRegistered } from "../residual/registry.ts";
import { transformer, type TransformerConfig } from "../transformer/kinds.ts";
import type { MakeLayers } from "../transformer/layers.ts";
import type { Transformer } from "../transformer/models.ts";
import { completeLayers } from "../transformer/settings.ts";
import type { Config, Family } from "./family.ts";
import { layersOf } from "./spec_parts.ts";
import { unknownSetting } from "./settings.ts";

/** A configuration of a model of this library: of a decoder, or with its kind of another Transformer. */
export type OwnConfig = DecoderConfig | TransformerConfig;

/** Tokens that mean something to a model, by their names in a run's manifest and in a `config.json`. */
export const tokenKeys: Readonly<Record<string, string>> = {
  mask: "mask_token_id",
  padding: "pad_token_id",
  start: "decoder_start_token_id",
  end: "eos_token_id",
};

/** What a `config.json` has besides the model's configuration. */
const besideModel: readonly string[] = [
  ...["model_type", "normkit", "characters", "dtype", "id2label"],
  ...Object.values(tokenKeys),
];

function isTransformer(config: OwnConfig): config is TransformerConfig {
  return typeof config === "object" && config !== null && "kind" in config;
}

/**
 * The model's configuration among the keys of a `config.json`.
 *
 * @param config A `config.json`, or what a manifest makes of one.
 * @returns The configuration; its numbers and words are for the model to check.
 * @throws {RangeError} If a value is of another kind than a model has.
 */
export function ownConfig(config: Config): OwnConfig {
  const own = Object.fromEntries(
    Object.entries(config).filter(([key]) => !besideModel.includes(key)),
  );
  const { residual = "pre-ln", ends = [], normEps = {} } = own;
  if (typeof residual !== "string") {
    throw unknownSetting("residual", residual, "it must be the id of a variant");
  }
  if (!Array.isArray(ends)) throw unknownSetting("ends", ends, "it must be a list of norms");
  if (typeof normEps !== "object" || normEps === null) {
    throw unknownSetting("normEps", normEps, "it must be a table of numbers");
  }
  return own as unknown as OwnConfig;
}

/**
 * A `config.json` of a model of this library.
 *
 * @param config The model's configuration.
 * @param characters The characters that its tokens stand for, where they do.
 * @returns The configuration as JSON.
 * @throws {RangeError} If an option is unknown or missing, or its residual variant is an object of one's own.
 */
export function normkitConfig(config: OwnConfig, characters?: string): Config {
  if (isTransformer(config)) transformer(config);
  else requireOptions("a decoder", config, decoderKinds);
  const { residual } = config;
  const own = typeof residual === "object";
  if (own && !isRegistered(residual)) {
    throw new RangeError(
      `Cannot write the residual variant ${residual.id} into a config.json: it is an object of your own, which an id does not hold`,
    );
  }
  const text = characters === undefined ? {} : { characters };
  return { model_type: "normkit", ...config, ...(own ? { residual: residual.id } : {}), ...text };
}

function written(config: Config, make?: MakeLayers): Pick<Transformer, "spec" | "starts"> {
  const own = ownConfig(config);
  return isTransformer(own) ? transformer(own, make) : decoderBlueprint(completeConfig(own), make);
}

/** normkit's own models. */
export const normkitFamily: Family = {
  id: "normkit",
  label: "normkit",
  describe: (config, has) => written(config, (count, make) => layersOf(count, has, make)).spec,
  shapes: (config) => written(config).starts,
  untie: (config) => ({ ...config, tied: false }),
  folded: (config, residual, eps) => {
    const { normEps, ends, init, embeddingStd, embeddingScale } = completeLayers(
      ownConfig(config),
    );
    return {
      ...config,
      ...{ ends, init, embeddingStd, embeddingScale }, // the plain variant's may be others
      residual: residual.id,
      normEps: { ...normEps, ...eps },
    };
  },
};
