// MPT: ALiBi, one fused QKV matrix, no biases.

import type { Attention, Block, ModelSpec, NormSpec } from "../model/spec.ts";
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
import {
  countIn,
  epsIn,
  flagIn,
  headsIn,
  numberIn,
  partOf,
  positiveIn,
  unknownSetting,
} from "./settings.ts";

/** Slopes 2^(−8 k / n) with n the next power of two; of others the even ones come after the odd ones. */
function slopes(heads: number): number[] {
  const power = 2 ** Math.ceil(Math.log2(heads));
  const all = Array.from({ length: power }, (_, index) => 2 ** (-8 * (index + 1) / power));
  if (power === heads) return all;
  const odd = all.filter((_, index) => index % 2 === 1);
  const even = all.filter((_, index) => index % 2 === 0);
  return [...odd, ...even].slice(0, heads);
}

/** A LayerNorm without a bias. */
function norm(config: Config, path: string): NormSpec {
  return { ...layerNormAt(path, epsIn(config, ["layer_norm_epsilon"], 1e-5)), bias: "" };
}

/** Norms of all queries and of all keys, where the checkpoint has them; transformers itself knows none. */
function queryNorms(config: Config, path: string, has: Has): Pick<Attention, "projectionNorms"> {
  if (!has(`${path}.q_ln.weight`)) return {};
  return { projectionNorms: { q: norm(config, `${path}.q_ln`), k: norm(config, `${path}.k_ln`) } };
}

function block(config: Config, path: string, has: Has): Block {
  const width = countIn(config, ["d_model"]);
  const heads = headsIn(config, ["n_heads"], width);
  const headWidth = width / heads;
  const attention = partOf(config, "attn_config");
  const clip = attention["clip_qkv"] ?? undefined;
  return {
    parallel: false,
    branches: [
      attentionBranch(norm(config, `${path}.norm_1`), {
        projections: { qkv: linearAt(`${path}.attn.Wqkv`), order: "blocks" },
        output: linearAt(`${path}.attn.out_proj`),
        heads,
        headWidth,
        scale: numberIn(attention, ["softmax_scale"], headWidth ** -0.5),
        alibi: slopes(heads),
        ...queryNorms(config, `${path}.attn`, has),
        ...(clip === undefined ? {} : { clip: positiveIn(attention, ["clip_qkv"]) }),
      }),
      networkBranch(norm(config, `${path}.norm_2`), {
        up: linearAt(`${path}.ffn.up_proj`),
        output: linearAt(`${path}.ffn.down_proj`),
        activation: "gelu",
      }),
    ],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const attention = partOf(config, "attn_config");
  if (!flagIn(attention, "alibi", true)) {
    throw unknownSetting("alibi", false, "MPT with learned positions is not described");
  }
  const prefix = prefixOf(has, "wte.weight", ["transformer.", ""]);
  const table = `${prefix}wte.weight`;
  return languageModel(config, {
    table,
    width: countIn(config, ["d_model"]),
    entry: tokenEntry(table),
    blocks: layersOf(
      countIn(config, ["n_layers"]),
      has,
      (index) => block(config, `${prefix}blocks.${index}`, has),
    ),
    final: norm(config, `${prefix}norm_f`),
  });
}

/** MPT: ALiBi and no biases, in linear maps and norms alike. */
export const mpt: Family = { id: "mpt", label: "MPT", describe, untie: untieWordEmbeddings };
