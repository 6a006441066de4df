// GPT-J and CodeGen: parallel branches that share a norm, rotary positions in pairs, a head with a bias.

import type { Attention, Block, ModelSpec } from "../model/spec.ts";
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
import { activationIn, countIn, epsIn, headsIn } from "./settings.ts";

/** The coordinates of a head that turn: 64 where nothing is written, all where null is. */
function rotaryWidth(config: Config, headWidth: number): number {
  return config["rotary_dim"] === null ? headWidth : countIn(config, ["rotary_dim"], 64);
}

/** The projections of attention under a path, in which the two differ. */
type Projections = (path: string) => Attention["projections"];

function block(config: Config, path: string, projections: Projections): Block {
  const norm = layerNormAt(`${path}.ln_1`, epsIn(config, ["layer_norm_epsilon"], 1e-5));
  const width = countIn(config, ["n_embd"]);
  const heads = headsIn(config, ["n_head"], width);
  const headWidth = width / heads;
  return {
    parallel: true,
    branches: [
      attentionBranch(norm, {
        projections: projections(`${path}.attn`),
        output: linearAt(`${path}.attn.out_proj`),
        heads,
        headWidth,
        rotary: {
          width: rotaryWidth(config, headWidth),
          base: 10000,
          order: "pairs",
        },
      }),
      networkBranch(norm, {
        up: linearAt(`${path}.mlp.fc_in`),
        output: linearAt(`${path}.mlp.fc_out`),
        activation: activationIn(config, ["activation_function"], "gelu_new"),
      }),
    ],
  };
}

function describe(config: Config, has: Has, projections: Projections): ModelSpec {
  const prefix = prefixOf(has, "wte.weight", ["transformer.", ""]);
  const table = `${prefix}wte.weight`;
  return languageModel(config, {
    table,
    width: countIn(config, ["n_embd"]),
    entry: tokenEntry(table),
    blocks: layersOf(
      countIn(config, ["n_layer"]),
      has,
      (index) => block(config, `${prefix}h.${index}`, projections),
    ),
    final: layerNormAt(`${prefix}ln_f`, epsIn(config, ["layer_norm_epsilon"], 1e-5)),
    head: { tied: false },
  });
}

const family = (id: string, label: string, projections: Projections): Family => ({
  id,
  label,
  describe: (config, has) => describe(config, has, projections),
  untie: untieWordEmbeddings,
});

/** GPT-J. */
export const gptj: Family = family("gptj", "GPT-J", projectionsAt);

/** CodeGen: one matrix for queries, values and keys, in four parts. */
export const codegen: Family = family("codegen", "CodeGen", (path) => ({
  qkv: linearAt(`${path}.qkv_proj`),
  order: "quarters",
}));
