// Whisper: an encoder of sound behind two convolutions, and a decoder that reads the encoder's final norm.

import type { Attention, Block, Convolution, ModelSpec, Stack } from "../model/spec.ts";
import { preLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  branch,
  languageHead,
  layerNormAt,
  layersOf,
  linearAt,
  prefixOf,
  projectionsAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { activationIn, countIn, headsIn } from "./settings.ts";

const eps = 1e-5;

type Side = "encoder" | "decoder";

function attention(config: Config, side: Side, path: string, memory: boolean): Attention {
  const width = countIn(config, ["d_model"]);
  const heads = headsIn(config, [`${side}_attention_heads`], width);
  const headWidth = width / heads;
  return {
    kind: "attention",
    projections: projectionsAt(`${path}`),
    output: { linear: linearAt(`${path}.out_proj`) },
    heads,
    keyValueHeads: heads,
    headWidth,
    scale: headWidth ** -0.5,
    causal: side === "decoder" && !memory,
    ...(memory ? { memory: "encoder" } : {}),
  };
}

function block(config: Config, side: Side, path: string): Block {
  const self = branch(
    { input: layerNormAt(`${path}.self_attn_layer_norm`, eps) },
    attention(config, side, `${path}.self_attn`, false),
  );
  const cross = branch(
    { input: layerNormAt(`${path}.encoder_attn_layer_norm`, eps) },
    attention(config, side, `${path}.encoder_attn`, true),
  );
  const network = branch({ input: layerNormAt(`${path}.final_layer_norm`, eps) }, {
    kind: "feedForward",
    up: linearAt(`${path}.fc1`),
    output: { linear: linearAt(`${path}.fc2`) },
    activation: activationIn(config, ["activation_function"], "gelu"),
  });
  return {
    parallel: false,
    branches: side === "decoder" ? [self, cross, network] : [self, network],
  };
}

function stack(
  config: Config,
  has: Has,
  side: Side,
  prefix: string,
  entry: Stack["entry"],
): Stack {
  return {
    width: countIn(config, ["d_model"]),
    entry,
    recenter: false,
    residual: preLn,
    blocks: layersOf(
      countIn(config, [`${side}_layers`]),
      has,
      (index) => block(config, side, `${prefix}${side}.layers.${index}`),
    ),
    final: layerNormAt(`${prefix}${side}.layer_norm`, eps),
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const prefix = prefixOf(has, "encoder.conv1.weight", ["model.", ""]);
  const positions = `${prefix}encoder.embed_positions.weight`;
  const frozen = [positions]; // sines and cosines
  const encoder = stack(config, has, "encoder", prefix, {
    kind: "audio",
    input: "features",
    convolutions: [1, 2].map((at): Convolution => ({
      linear: linearAt(`${prefix}encoder.conv${at}`),
      width: 3,
      stride: at,
      padding: [1, 1],
      groups: 1,
      activation: "gelu",
    })),
    channels: countIn(config, ["num_mel_bins"], 80),
    positions: { table: positions },
  });
  const path = `${prefix}decoder`;
  const table = `${path}.embed_tokens.weight`;
  if (!has(table)) return { stacks: { encoder }, heads: [], frozen };
  const entry = tokenEntry(table, { positions: `${path}.embed_positions.weight` });
  return {
    stacks: { encoder, decoder: stack(config, has, "decoder", prefix, entry) },
    ...languageHead(config, table, { path: "proj_out" }),
    frozen,
  };
}

/** Whisper: an encoder of sounds and a decoder that reads it by cross-attention. */
export const whisper: Family = {
  id: "whisper",
  label: "Whisper",
  describe,
  untie: untieWordEmbeddings,
};
