// BioGPT and XGLM, Pre-LN decoders as fairseq has them: embeddings times the root of the width, positions from the third on.

import type { Block, Entry, ModelSpec, NormSpec } from "../model/spec.ts";
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
import { activationIn, countIn, epsIn, flagIn, headsIn } from "./settings.ts";

/** Theirs whatever the configuration says. */
const eps = 1e-5;

/** In what the two differ. */
interface Manner {
  readonly id: string;
  readonly label: string;
  /** The path of the body. */
  readonly prefix: string;
  /** The configuration's names. */
  readonly keys: Readonly<Record<"width" | "heads" | "layers" | "activation", string>>;
  /** The path of the head. */
  readonly head: string;
  /** The positions of a body under a path. */
  positions(path: string, width: number): Parameters<typeof tokenEntry>[1];
}

function block({ keys }: Manner, config: Config, path: string, norm: Norm): Block {
  const width = countIn(config, [keys.width]);
  const heads = headsIn(config, [keys.heads], width);
  return {
    parallel: false,
    branches: [
      attentionBranch(norm(`${path}.self_attn_layer_norm`), {
        projections: projectionsAt(`${path}.self_attn`),
        output: linearAt(`${path}.self_attn.out_proj`),
        heads,
        headWidth: width / heads,
      }),
      networkBranch(norm(`${path}.final_layer_norm`), {
        up: linearAt(`${path}.fc1`),
        output: linearAt(`${path}.fc2`),
        activation: activationIn(config, [keys.activation], "gelu"),
      }),
    ],
  };
}

type Norm = (path: string) => NormSpec;

function describe(manner: Manner, config: Config, has: Has): ModelSpec {
  const { keys } = manner;
  const width = countIn(config, [keys.width]);
  const prefix = prefixOf(has, "embed_tokens.weight", [manner.prefix, ""]);
  const table = `${prefix}embed_tokens.weight`;
  epsIn(config, ["layer_norm_eps"], eps); // is not read, but must be one
  const norm: Norm = (path) => layerNormAt(path, eps);
  const entry: Entry = tokenEntry(table, {
    scale: flagIn(config, "scale_embedding", true) ? Math.sqrt(width) : 1,
    offset: 2,
    ...manner.positions(prefix, width),
  });
  return languageModel(config, {
    table,
    width,
    entry,
    blocks: layersOf(
      countIn(config, [keys.layers]),
      has,
      (index) => block(manner, config, `${prefix}layers.${index}`, norm),
    ),
    final: norm(`${prefix}layer_norm`),
    head: { path: manner.head },
  });
}

const family = (manner: Manner): Family => ({
  id: manner.id,
  label: manner.label,
  describe: (config, has) => describe(manner, config, has),
  untie: untieWordEmbeddings,
});

/** BioGPT: learned positions. */
export const biogpt: Family = family({
  id: "biogpt",
  label: "BioGPT",
  prefix: "biogpt.",
  keys: {
    width: "hidden_size",
    heads: "num_attention_heads",
    layers: "num_hidden_layers",
    activation: "hidden_act",
  },
  head: "output_projection",
  positions: (path) => ({ positions: `${path}embed_positions.weight` }),
});

/** XGLM: computed positions. */
export const xglm: Family = family({
  id: "xglm",
  label: "XGLM",
  prefix: "model.",
  keys: {
    width: "d_model",
    heads: "attention_heads",
    layers: "num_layers",
    activation: "activation_function",
  },
  head: "lm_head",
  positions: (_, width) => ({ sinusoids: { steps: width / 2 - 1 } }),
});
