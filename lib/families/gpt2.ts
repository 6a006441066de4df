// GPT-2 and GPTBigCode: learned positions, one matrix for queries, keys and values. GPT-2's matrices are stored (in, out).

import type { Block, Linear, ModelSpec, QkvOrder } from "../model/spec.ts";
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

/** In what the two differ. */
interface Manner {
  readonly label: string;
  readonly layout: Linear["layout"];
  /** How many key-value heads so many heads share, and their order. */
  grouping(config: Config, heads: number): { readonly groups: number; readonly order: QkvOrder };
}

function block({ layout, grouping }: Manner, config: Config, prefix: string, index: number): Block {
  const path = `${prefix}h.${index}`;
  const eps = epsIn(config, ["layer_norm_epsilon"], 1e-5);
  const width = countIn(config, ["n_embd"]);
  const heads = headsIn(config, ["n_head"], width);
  const headWidth = width / heads;
  const scale = flagIn(config, "scale_attn_weights", true) ? headWidth ** -0.5 : 1;
  const { groups, order } = grouping(config, heads);
  const byLayer = flagIn(config, "scale_attn_by_inverse_layer_idx", false) ? index + 1 : 1;
  return {
    parallel: false,
    branches: [
      attentionBranch(layerNormAt(`${path}.ln_1`, eps), {
        projections: { qkv: linearAt(`${path}.attn.c_attn`, layout), order },
        output: linearAt(`${path}.attn.c_proj`, layout),
        heads,
        keyValueHeads: groups,
        headWidth,
        scale: scale / byLayer,
      }),
      networkBranch(layerNormAt(`${path}.ln_2`, eps), {
        up: linearAt(`${path}.mlp.c_fc`, layout),
        output: linearAt(`${path}.mlp.c_proj`, layout),
        activation: activationIn(config, ["activation_function"], "gelu_new"),
      }),
    ],
  };
}

function describe(manner: Manner, config: Config, has: Has): ModelSpec {
  if (flagIn(config, "add_cross_attention", false)) {
    const why = `cross-attention of ${manner.label} is not described`;
    throw unknownSetting("add_cross_attention", true, why);
  }
  const prefix = prefixOf(has, "wte.weight", ["transformer.", ""]);
  const width = countIn(config, ["n_embd"]);
  const table = `${prefix}wte.weight`;
  return languageModel(config, {
    table,
    width,
    entry: tokenEntry(table, { positions: `${prefix}wpe.weight` }),
    blocks: layersOf(
      countIn(config, ["n_layer"]),
      has,
      (index) => block(manner, config, prefix, index),
    ),
    final: layerNormAt(`${prefix}ln_f`, epsIn(config, ["layer_norm_epsilon"], 1e-5)),
  });
}

const family = (id: string, manner: Manner): Family => ({
  id,
  label: manner.label,
  describe: (config, has) => describe(manner, config, has),
  untie: untieWordEmbeddings,
});

/** GPT-2 and DistilGPT-2. */
export const gpt2: Family = family("gpt2", {
  label: "GPT-2",
  layout: "in-out",
  grouping: (_, heads) => ({ groups: heads, order: "blocks" }),
});

/** GPTBigCode (SantaCoder, StarCoder): one key and one value for all heads, unless told. */
export const gptBigcode: Family = family("gpt_bigcode", {
  label: "GPTBigCode",
  layout: "out-in",
  grouping: (config, heads) =>
    flagIn(config, "multi_query", true)
      ? { groups: countIn(config, ["num_key_value_heads"], 1), order: "blocks" }
      : { groups: countIn(config, ["num_key_value_heads"], heads), order: "heads" },
});
