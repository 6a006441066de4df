// normkit's own decoders: what `train` leaves, and what `fold` makes of it.

import { requireOptions } from "../core/options.ts";
import { completeConfig, type DecoderConfig, decoderKinds } from "../decoder/config.ts";
import { decoderBlueprint } from "../decoder/spec.ts";
import { isRegistered } from "../residual/registry.ts";
import type { Config, Family } from "./family.ts";
import { layersOf } from "./spec_parts.ts";
import { unknownSetting } from "./settings.ts";

/**
 * The decoder's configuration among the keys of a `config.json`.
 *
 * @param config A `config.json`, or what a manifest makes of one.
 * @returns The configuration; its numbers and words are for `completeConfig` to check.
 * @throws {RangeError} If a value is of another kind than a decoder has.
 */
export function decoderConfig(config: Config): DecoderConfig {
  const { model_type: _, normkit: _form, characters: _text, dtype: _dtype, ...own } = config;
  const { residual = "pre-ln", ends = [], normEps = {} } = own;
  if (typeof residual !== "string") {
    throw unknownSetting("residual", residual, "it must be the id of a variant");
  }
  if (!Array.isArray(ends)) throw unknownSetting("ends", ends, "it must be a list of norms");
  if (typeof normEps !== "object" || normEps === null) {
    throw unknownSetting("normEps", normEps, "it must be a table of numbers");
  }
  return own as unknown as DecoderConfig;
}

/**
 * A `config.json` of a decoder.
 *
 * @param config The decoder's configuration.
 * @param characters The characters that its tokens stand for, where they do.
 * @returns The configuration as JSON.
 * @throws {RangeError} If an option is unknown or missing, or its residual variant is an object of one's own.
 */
export function normkitConfig(config: DecoderConfig, characters?: string): Config {
  requireOptions("a decoder", config, decoderKinds);
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

/** normkit's own decoders. */
export const normkitFamily: Family = {
  id: "normkit",
  label: "normkit",
  describe: (config, has) =>
    decoderBlueprint(
      completeConfig(decoderConfig(config)),
      (count, make) => layersOf(count, has, make),
    ).spec,
  untie: (config) => ({ ...config, tied: false }),
  folded: (config, residual, eps) => {
    const { normEps, ends, init, embeddingStd, embeddingScale } = completeConfig(
      decoderConfig(config),
    );
    return {
      ...config,
      ...{ ends, init, embeddingStd, embeddingScale }, // the plain variant's may be others
      residual: residual.id,
      normEps: { ...normEps, ...eps },
    };
  },
};
