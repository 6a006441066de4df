// BLOOM: a norm of the embeddings, ALiBi, QKV fused by head.

import type { Block, ModelSpec } from "../model/spec.ts";
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
import { countIn, epsIn, flagIn, headsIn, unknownSetting } from "./settings.ts";

function block(config: Config, path: string): Block {
  const eps = epsIn(config, ["layer_norm_epsilon"], 1e-5);
  const width = countIn(config, ["hidden_size", "n_embed"]);
  const heads = headsIn(config, ["n_head", "num_attention_heads"], width);
  const headWidth = width / heads;
  const attention = `${path}.self_attention`;
  return {
    parallel: false,
    branches: [
      attentionBranch(layerNormAt(`${path}.input_layernorm`, eps), {
        projections: { qkv: linearAt(`${attention}.query_key_value`), order: "heads" },
        output: linearAt(`${attention}.dense`),
        heads,
        headWidth,
        alibi: alibiSlopes(heads),
      }),
      networkBranch(layerNormAt(`${path}.post_attention_layernorm`, eps), {
        up: linearAt(`${path}.mlp.dense_h_to_4h`),
        output: linearAt(`${path}.mlp.dense_4h_to_h`),
        activation: "gelu_new",
      }),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  if (flagIn(config, "apply_residual_connection_post_layernorm", false)) {
    throw unknownSetting(
      "apply_residual_connection_post_layernorm",
      true,
      "its shortcuts start behind the norms, so that gains and biases cannot be folded",
    );
  }
  const prefix = prefixOf(has, "word_embeddings.weight", ["transformer.", ""]);
  const table = `${prefix}word_embeddings.weight`;
  const eps = epsIn(config, ["layer_norm_epsilon"], 1e-5);
  return languageModel(config, {
    table,
    width: countIn(config, ["hidden_size", "n_embed"]),
    entry: tokenEntry(table),
    entryNorm: layerNormAt(`${prefix}word_embeddings_layernorm`, eps),
    blocks: layersOf(
      countIn(config, ["n_layer", "num_hidden_layers"]),
      has,
      (index) => block(config, `${prefix}h.${index}`),
    ),
    final: layerNormAt(`${prefix}ln_f`, eps),
  });
}

/** BLOOM: ALiBi, and a norm behind the embeddings. */
export const bloom: Family = { id: "bloom", label: "BLOOM", describe, untie: untieWordEmbeddings };
