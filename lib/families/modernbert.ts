// ModernBERT: an encoder of tokens whose heads turn, with windows around the token in most layers, networks that hold their gate, and
// a first attention that reads the embeddings' norm as it is.

import type { Attention, Block, Head, Linear, ModelSpec, NormSpec } from "../model/spec.ts";
import { preLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import { architectureOf } from "./heads.ts";
import { type LayerKind, rotaryOfKind } from "./rotary.ts";
import {
  attentionOf,
  branch,
  languageHead,
  layerNormAt,
  layersOf,
  linearAt,
  networkOf,
  prefixOf,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { activationIn, countIn, epsIn, headsIn, unknownSetting } from "./settings.ts";

const norm = (config: Config, path: string): NormSpec =>
  layerNormAt(path, epsIn(config, ["norm_eps"], 1e-5));

/** What a layer's attention sees. */
function kindOf(config: Config, index: number): LayerKind {
  const kinds = config["layer_types"];
  if (!Array.isArray(kinds)) {
    const every = countIn(config, ["global_attn_every_n_layers"], 3);
    return index % every === 0 ? "full_attention" : "sliding_attention";
  }
  const kind: unknown = kinds[index];
  if (kind === "full_attention" || kind === "sliding_attention") return kind;
  throw unknownSetting("layer_types", kind, "it must be full_attention or sliding_attention");
}

/** How far a layer's attention sees, and how its heads turn. */
function reach(
  config: Config,
  headWidth: number,
  kind: LayerKind,
): Pick<Attention, "window" | "rotary"> {
  const isFull = kind === "full_attention";
  const rotary = rotaryOfKind(
    config,
    headWidth,
    kind,
    isFull ? ["global_rope_theta", 160000] : ["local_rope_theta", 10000],
  );
  // so many keys on both sides besides the token's own
  return isFull
    ? { rotary }
    : { rotary, window: Math.floor(countIn(config, ["local_attention"], 128) / 2) + 1 };
}

function block(config: Config, path: string, index: number): Block {
  const width = countIn(config, ["hidden_size"], 768);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const attention = attentionOf({
    projections: { qkv: linearAt(`${path}.attn.Wqkv`), order: "blocks" },
    output: linearAt(`${path}.attn.Wo`),
    heads,
    headWidth: width / heads,
    causal: false,
    ...reach(config, width / heads, kindOf(config, index)),
  });
  const network = {
    ...networkOf({
      up: linearAt(`${path}.mlp.Wi`),
      output: linearAt(`${path}.mlp.Wo`),
      activation: activationIn(config, ["hidden_activation"], "gelu"),
    }),
    holdsGate: true,
  };
  const first = index === 0
    ? { ...branch({}, attention), unnormed: true }
    : branch({ input: norm(config, `${path}.attn_norm`) }, attention);
  return {
    parallel: false,
    branches: [first, branch({ input: norm(config, `${path}.mlp_norm`) }, network)],
  };
}

/** The rows that a classifier reads: all of a text where it classifies tokens or finds answers. */
function classifiedRows(config: Config): Head["reads"] {
  if (/ForTokenClassification$|ForQuestionAnswering$/.test(architectureOf(config))) return "all";
  const { classifier_pooling: pooling = "cls" } = config;
  if (pooling === "cls") return "first";
  if (pooling === "mean") return "mean";
  throw unknownSetting("classifier_pooling", pooling, "it must be cls or mean");
}

/** A classifier, or a head that guesses tokens; a body alone has none. */
function headOf(config: Config, has: Has, table: string): Pick<ModelSpec, "heads" | "untied"> {
  const linear: Linear = linearAt("head.dense");
  if (!has(linear.weight)) return { heads: [] };
  const transform = {
    linear,
    activation: activationIn(config, ["classifier_activation"], "gelu"),
    norm: norm(config, "head.norm"),
  };
  if (!has("classifier.weight")) {
    return languageHead(config, table, { path: "decoder", transform, stack: "encoder" });
  }
  const isAnswer = architectureOf(config).endsWith("ForQuestionAnswering");
  return {
    heads: [{
      linear: linearAt("classifier"),
      stack: "encoder",
      reads: classifiedRows(config),
      transform,
      ...(isAnswer ? { output: "qa_outputs" } : {}),
    }],
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const prefix = prefixOf(has, "embeddings.tok_embeddings.weight", ["model.", ""]);
  const table = `${prefix}embeddings.tok_embeddings.weight`;
  return {
    stacks: {
      encoder: {
        width: countIn(config, ["hidden_size"], 768),
        entry: tokenEntry(table),
        entryNorm: norm(config, `${prefix}embeddings.norm`),
        recenter: false,
        residual: preLn,
        blocks: layersOf(
          countIn(config, ["num_hidden_layers"], 22),
          has,
          (index) => block(config, `${prefix}layers.${index}`, index),
        ),
        final: norm(config, `${prefix}final_norm`),
      },
    },
    ...headOf(config, has, table),
  };
}

/** Encoders of tokens with rotary positions, gated networks and windows in two layers of three (Warner et al. 2024). */
export const modernBert: Family = {
  id: "modernbert",
  label: "ModernBERT",
  describe,
  untie: untieWordEmbeddings,
};
