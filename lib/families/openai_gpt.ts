// GPT-1: a Post-LN decoder with GPT-2's matrices, and no norm of its embeddings or at its end.

import type { Block, ModelSpec } from "../model/spec.ts";
import { postLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionOf,
  branch,
  languageModel,
  layerNormAt,
  layersOf,
  linearAt,
  networkOf,
  prefixOf,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { activationIn, countIn, epsIn, headsIn } from "./settings.ts";

function block(config: Config, path: string): Block {
  const eps = epsIn(config, ["layer_norm_epsilon"], 1e-5);
  const width = countIn(config, ["n_embd"]);
  const heads = headsIn(config, ["n_head"], width);
  const named = activationIn(config, ["afn"], "gelu_new");
  const attention = attentionOf({
    projections: { qkv: linearAt(`${path}.attn.c_attn`, "in-out"), order: "blocks" },
    output: linearAt(`${path}.attn.c_proj`, "in-out"),
    heads,
    headWidth: width / heads,
  });
  const network = networkOf({
    up: linearAt(`${path}.mlp.c_fc`, "in-out"),
    output: linearAt(`${path}.mlp.c_proj`, "in-out"),
    activation: named === "gelu" ? "gelu_new" : named, // GPT-1's "gelu" was always the approximate one
  });
  return {
    parallel: false,
    branches: [
      branch({ stream: layerNormAt(`${path}.ln_1`, eps) }, attention),
      branch({ stream: layerNormAt(`${path}.ln_2`, eps) }, network),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const prefix = prefixOf(has, "tokens_embed.weight", ["transformer.", ""]);
  const table = `${prefix}tokens_embed.weight`;
  return languageModel(config, {
    table,
    width: countIn(config, ["n_embd"]),
    residual: postLn,
    entry: tokenEntry(table, { positions: `${prefix}positions_embed.weight` }),
    blocks: layersOf(
      countIn(config, ["n_layer"]),
      has,
      (index) => block(config, `${prefix}h.${index}`),
    ),
  });
}

/** GPT-1. */
export const openaiGpt: Family = {
  id: "openai-gpt",
  label: "GPT-1",
  describe,
  untie: untieWordEmbeddings,
};
