// Phi-1 and Phi-2: parallel branches that share a norm, partly rotary, biases everywhere.

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
  projectionsAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { rotaryIn } from "./rotary.ts";
import { activationIn, countIn, epsIn, flagIn, headsIn, unknownSetting } from "./settings.ts";

function block(config: Config, path: string): Block {
  const norm = layerNormAt(`${path}.input_layernorm`, epsIn(config, ["layer_norm_eps"], 1e-5));
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const headWidth = width / heads;
  return {
    parallel: true,
    branches: [
      attentionBranch(norm, {
        projections: projectionsAt(`${path}.self_attn`),
        output: linearAt(`${path}.self_attn.dense`),
        heads,
        keyValueHeads: countIn(config, ["num_key_value_heads"], heads),
        headWidth,
        rotary: rotaryIn(config, headWidth, { standardShare: 0.5 }),
      }),
      networkBranch(norm, {
        up: linearAt(`${path}.mlp.fc1`),
        output: linearAt(`${path}.mlp.fc2`),
        activation: activationIn(config, ["hidden_act"], "gelu_new"),
      }),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  if (flagIn(config, "qk_layernorm", false)) {
    throw unknownSetting(
      "qk_layernorm",
      true,
      "norms of queries and keys of Phi are not described",
    );
  }
  const prefix = prefixOf(has, "embed_tokens.weight", ["model.", ""]);
  const table = `${prefix}embed_tokens.weight`;
  const eps = epsIn(config, ["layer_norm_eps"], 1e-5);
  return languageModel(config, {
    table,
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(table),
    blocks: layersOf(
      countIn(config, ["num_hidden_layers"]),
      has,
      (index) => block(config, `${prefix}layers.${index}`),
    ),
    final: layerNormAt(`${prefix}final_layernorm`, eps),
    head: { tied: false },
  });
}

/** Phi-1, Phi-1.5 and Phi-2. */
export const phi: Family = { id: "phi", label: "Phi", describe, untie: untieWordEmbeddings };
