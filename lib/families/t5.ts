// T5 and mT5: an encoder and a decoder with RMSNorms that share their token table, or the encoder alone; scores are not scaled, and
// relative positions are added to them, by the table of each side's first layer.

import type { Attention, Block, Branch, FeedForward, ModelSpec, Stack } from "../model/spec.ts";
import { preLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionOf,
  branch,
  languageHead,
  layersOf,
  linearAt,
  projectionsAt,
  rmsNormAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { architectureOf } from "./heads.ts";
import { activationIn, countIn, epsIn, flagIn, unknownSetting } from "./settings.ts";

type Side = "encoder" | "decoder";

function attention(config: Config, path: string, others: Partial<Attention>): Attention {
  const heads = countIn(config, ["num_heads"]);
  const headWidth = countIn(config, ["d_kv"], 64);
  return attentionOf({
    ...others,
    projections: projectionsAt(path, ["q", "k", "v"]),
    output: linearAt(`${path}.o`),
    heads,
    headWidth,
    scale: 1,
  });
}

/** The network that `feed_forward_proj` names: a function, or `gated-` and one. */
function network(config: Config, path: string): FeedForward {
  const named = String(config["feed_forward_proj"] ?? "relu");
  const [, gated, word] = /^(gated-)?([^-]+)$/.exec(named) ?? [];
  if (word === undefined) {
    throw unknownSetting("feed_forward_proj", named, 'it must be a function, or "gated-" and one');
  }
  const isGated = gated !== undefined;
  const act = isGated && word === "gelu" ? "gelu_new" : word;
  return {
    kind: "feedForward",
    up: linearAt(`${path}.${isGated ? "wi_1" : "wi"}`),
    ...(isGated ? { gate: linearAt(`${path}.wi_0`) } : {}),
    output: { linear: linearAt(`${path}.wo`) },
    activation: activationIn({ feed_forward_proj: act }, ["feed_forward_proj"], "relu"),
  };
}

/** Positions of the scores of a side; a decoder has all of its ranges behind. */
const relativeOf = (config: Config, side: Side): NonNullable<Attention["relative"]> => ({
  table: { table: `${side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight` },
  places: {
    kind: "ranges",
    count: countIn(config, ["relative_attention_num_buckets"], 32),
    farthest: countIn(config, ["relative_attention_max_distance"], 128),
    ...(side === "decoder" ? { behind: true } : {}),
  },
});

function block(config: Config, side: Side, path: string): Block {
  const isDecoder = side === "decoder";
  const eps = epsIn(config, ["layer_norm_epsilon"], 1e-6);
  const own = attention(config, `${path}.layer.0.SelfAttention`, {
    causal: isDecoder,
    relative: relativeOf(config, side),
  });
  const cross = (): Attention =>
    attention(config, `${path}.layer.1.EncDecAttention`, { causal: false, memory: "encoder" });
  const last = isDecoder ? 2 : 1;
  const sublayers: readonly Branch["sublayer"][] = [
    own,
    ...(isDecoder ? [cross()] : []),
    network(config, `${path}.layer.${last}.DenseReluDense`),
  ];
  return {
    parallel: false,
    branches: sublayers.map((sublayer, at) =>
      branch({ input: rmsNormAt(`${path}.layer.${at}.layer_norm`, eps) }, sublayer)
    ),
  };
}

function stack(config: Config, has: Has, side: Side, source: boolean): Stack {
  const layers = countIn(config, ["num_layers"]);
  return {
    width: countIn(config, ["d_model"]),
    entry: tokenEntry("shared.weight", { source }),
    recenter: false,
    residual: preLn,
    blocks: layersOf(
      side === "encoder" ? layers : countIn(config, ["num_decoder_layers"], layers),
      has,
      (index) => block(config, side, `${side}.block.${index}`),
    ),
    final: rmsNormAt(`${side}.final_layer_norm`, epsIn(config, ["layer_norm_epsilon"], 1e-6)),
  };
}

/** Whether what the head reads is divided by the root of the width: T5's, where it is the token table, unless told. */
const isScaled = (config: Config): boolean =>
  config["model_type"] === "t5" &&
  flagIn(config, "scale_decoder_outputs", config["tie_word_embeddings"] !== false);

function describe(config: Config, has: Has): ModelSpec {
  if (architectureOf(config).endsWith("EncoderModel")) {
    return { stacks: { encoder: stack(config, has, "encoder", false) }, heads: [] };
  }
  const { heads, untied } = languageHead(config, "shared.weight");
  const scale = isScaled(config) ? { scale: countIn(config, ["d_model"]) ** -0.5 } : {};
  return {
    stacks: {
      encoder: stack(config, has, "encoder", true),
      decoder: stack(config, has, "decoder", false),
    },
    heads: heads.map((head) => ({ ...head, ...scale })),
    untied,
  };
}

const family = (id: string, label: string): Family => ({
  id,
  label,
  describe,
  untie: (config) => untieWordEmbeddings({ ...config, scale_decoder_outputs: isScaled(config) }),
});

/** T5 and Flan-T5. */
export const t5: Family = family("t5", "T5");

/** mT5, whose outputs are never scaled. */
export const mt5: Family = family("mt5", "mT5");
