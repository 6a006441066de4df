// GPT-NeoX and Pythia: parallel branches with a norm each, QKV fused by head, partly rotary.

import type { Block, ModelSpec } from "../model/spec.ts";
import type { Config, Family, Has } from "./family.ts";
import {
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
import { activationIn, countIn, epsIn, flagIn, headsIn } from "./settings.ts";

function block(config: Config, path: string): Block {
  const eps = epsIn(config, ["layer_norm_eps"], 1e-5);
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const headWidth = width / heads;
  const rotary = rotaryIn(config, headWidth, {
    base: "rotary_emb_base",
    share: "rotary_pct",
    standardShare: 0.25,
  });
  return {
    parallel: flagIn(config, "use_parallel_residual", true),
    branches: [
      attentionBranch(layerNormAt(`${path}.input_layernorm`, eps), {
        projections: { qkv: linearAt(`${path}.attention.query_key_value`), order: "heads" },
        output: linearAt(`${path}.attention.dense`),
        heads,
        headWidth,
        rotary,
      }),
      networkBranch(layerNormAt(`${path}.post_attention_layernorm`, eps), {
        up: linearAt(`${path}.mlp.dense_h_to_4h`),
        output: linearAt(`${path}.mlp.dense_4h_to_h`),
        activation: activationIn(config, ["hidden_act"], "gelu"),
      }),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const prefix = prefixOf(has, "embed_in.weight", ["gpt_neox.", ""]);
  const table = `${prefix}embed_in.weight`;
  return languageModel(config, {
    table,
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(table),
    blocks: layersOf(
      countIn(config, ["num_hidden_layers"]),
      has,
      (index) => block(config, `${prefix}layers.${index}`),
    ),
    final: layerNormAt(`${prefix}final_layer_norm`, epsIn(config, ["layer_norm_eps"], 1e-5)),
    head: { path: "embed_out", tied: false },
  });
}

/** GPT-NeoX and Pythia. */
export const gptNeox: Family = {
  id: "gpt_neox",
  label: "GPT-NeoX",
  describe,
  untie: untieWordEmbeddings,
};
