// GPT-2: learned positions, one fused QKV matrix, matrices stored (in, out).

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
import { activationIn, countIn, epsIn, flagIn, headsIn, unknownSetting } from "./settings.ts";

function block(config: Config, prefix: string, index: number): Block {
  const path = `${prefix}h.${index}`;
  const eps = epsIn(config, ["layer_norm_epsilon"], 1e-5);
  const width = countIn(config, ["n_embd"]);
  const heads = headsIn(config, ["n_head"], width);
  const headWidth = width / heads;
  const scale = flagIn(config, "scale_attn_weights", true) ? headWidth ** -0.5 : 1;
  const byLayer = flagIn(config, "scale_attn_by_inverse_layer_idx", false) ? index + 1 : 1;
  return {
    parallel: false,
    branches: [
      attentionBranch(layerNormAt(`${path}.ln_1`, eps), {
        projections: { qkv: linearAt(`${path}.attn.c_attn`, "in-out"), order: "blocks" },
        output: linearAt(`${path}.attn.c_proj`, "in-out"),
        heads,
        headWidth,
        scale: scale / byLayer,
      }),
      networkBranch(layerNormAt(`${path}.ln_2`, eps), {
        up: linearAt(`${path}.mlp.c_fc`, "in-out"),
        output: linearAt(`${path}.mlp.c_proj`, "in-out"),
        activation: activationIn(config, ["activation_function"], "gelu_new"),
      }),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  if (flagIn(config, "add_cross_attention", false)) {
    throw unknownSetting("add_cross_attention", true, "cross-attention of GPT-2 is not described");
  }
  const prefix = prefixOf(has, "wte.weight", ["transformer.", ""]);
  const width = countIn(config, ["n_embd"]);
  const table = `${prefix}wte.weight`;
  return languageModel(config, {
    table,
    width,
    entry: tokenEntry(table, { positions: `${prefix}wpe.weight` }),
    blocks: layersOf(countIn(config, ["n_layer"]), has, (index) => block(config, prefix, index)),
    final: layerNormAt(`${prefix}ln_f`, epsIn(config, ["layer_norm_epsilon"], 1e-5)),
  });
}

/** GPT-2 and DistilGPT-2. */
export const gpt2: Family = { id: "gpt2", label: "GPT-2", describe, untie: untieWordEmbeddings };
