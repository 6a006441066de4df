// Falcon: one or two norms before parallel branches, multi-query or grouped attention, rotary or ALiBi.

import type { Attention, Block, ModelSpec, QkvOrder } from "../model/spec.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  alibiSlopes,
  attentionBranch,
  languageModel,
  layerNormAt,
  layersOf,
  linearAt,
  networkBranch,
  prefixOf,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { rotaryIn } from "./rotary.ts";
import {
  activationIn,
  countIn,
  epsIn,
  flagIn,
  headsIn,
  numberIn,
  unknownSetting,
} from "./settings.ts";

const isRenewed = (config: Config): boolean => flagIn(config, "new_decoder_architecture", false);

/** Key-value heads, and how QKV are fused. */
function grouping(config: Config, heads: number): { groups: number; order: QkvOrder } {
  if (isRenewed(config)) {
    return { groups: countIn(config, ["num_kv_heads"], heads), order: "groups" };
  }
  return flagIn(config, "multi_query", true)
    ? { groups: 1, order: "blocks" }
    : { groups: heads, order: "heads" };
}

/** The names of the norms before attention and before the network. */
function normNames(config: Config): readonly [string, string] {
  const renewed = isRenewed(config);
  if (renewed && numberIn(config, ["num_ln_in_parallel_attn"], 2) === 2) {
    return ["ln_attn", "ln_mlp"];
  }
  const parallel = renewed || flagIn(config, "parallel_attn", true);
  return ["input_layernorm", parallel ? "input_layernorm" : "post_attention_layernorm"];
}

/** The setting that says how slopes are rounded. It is this library's: transformers rounds all, and reads it not. */
const alibiKey = "alibi_dtype";

/** Slopes that are scaled with the scores. */
function alibiOf(
  config: Config,
  heads: number,
  scale: number,
): Pick<Attention, "alibi" | "alibiRounding"> {
  const slopes = alibiSlopes(heads);
  const { [alibiKey]: dtype = "float32" } = config;
  if (dtype === "bfloat16") return { alibi: slopes, alibiRounding: scale };
  if (dtype === "float32") return { alibi: slopes.map((slope) => slope * scale) };
  throw unknownSetting(alibiKey, dtype, "it must be float32 or bfloat16");
}

/** How slopes of ALiBi are taken: as they are defined, or rounded as transformers rounds Falcon's. */
export type AlibiRounding = "exact" | "bfloat16";

/**
 * The configuration of a model whose slopes are taken so.
 *
 * @param config The configuration.
 * @param rounding How.
 * @returns The configuration with that setting.
 * @throws {RangeError} If they are to be rounded and the model is no Falcon with ALiBi.
 */
export function withAlibi(config: Config, rounding: AlibiRounding): Config {
  const { [alibiKey]: _, ...exact } = config;
  if (rounding === "exact") return exact;
  if (config["model_type"] === "falcon" && config["alibi"] === true) {
    return { ...exact, [alibiKey]: rounding };
  }
  throw new RangeError(
    "Cannot round slopes of this model as transformers does: that rounds those of Falcon with ALiBi alone",
  );
}

function block(config: Config, path: string): Block {
  if (isRenewed(config) && !flagIn(config, "parallel_attn", true)) {
    throw unknownSetting(
      "parallel_attn",
      false,
      "the new architecture is described with true only",
    );
  }
  const eps = epsIn(config, ["layer_norm_epsilon"], 1e-5);
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads", "n_head"], width);
  const headWidth = width / heads;
  const { groups, order } = grouping(config, heads);
  const [first, second] = normNames(config);
  const scale = headWidth ** -0.5;
  return {
    parallel: isRenewed(config) ||
      flagIn(config, "parallel_attn", true),
    branches: [
      attentionBranch(layerNormAt(`${path}.${first}`, eps), {
        projections: { qkv: linearAt(`${path}.self_attention.query_key_value`), order },
        output: linearAt(`${path}.self_attention.dense`),
        heads,
        keyValueHeads: groups,
        headWidth,
        scale,
        ...(flagIn(config, "alibi", false)
          ? alibiOf(config, heads, scale)
          : { rotary: rotaryIn(config, headWidth, { standardShare: "whole" }) }),
      }),
      networkBranch(layerNormAt(`${path}.${second}`, eps), {
        up: linearAt(`${path}.mlp.dense_h_to_4h`),
        output: linearAt(`${path}.mlp.dense_4h_to_h`),
        activation: activationIn(config, ["activation"], "gelu"),
      }),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const prefix = prefixOf(has, "word_embeddings.weight", ["transformer.", ""]);
  const table = `${prefix}word_embeddings.weight`;
  return languageModel(config, {
    table,
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(table),
    blocks: layersOf(
      countIn(config, ["num_hidden_layers", "n_layer"]),
      has,
      (index) => block(config, `${prefix}h.${index}`),
    ),
    final: layerNormAt(`${prefix}ln_f`, epsIn(config, ["layer_norm_epsilon"], 1e-5)),
  });
}

/** Falcon of all three architectures. */
export const falcon: Family = {
  id: "falcon",
  label: "Falcon",
  describe,
  untie: untieWordEmbeddings,
};
