// CLIP: a stack for images behind a norm, a causal stack for text, and a projection of each.

import type { Block, ModelSpec, Stack } from "../model/spec.ts";
import { preLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionBranch,
  layerNormAt,
  layersOf,
  linearAt,
  networkBranch,
  projectionsAt,
  tokenEntry,
} from "./spec_parts.ts";
import { activationIn, countIn, epsIn, headsIn, numberIn, partOf } from "./settings.ts";

function block(config: Config, path: string, causal: boolean): Block {
  const eps = epsIn(config, ["layer_norm_eps"], 1e-5);
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const headWidth = width / heads;
  return {
    parallel: false,
    branches: [
      attentionBranch(layerNormAt(`${path}.layer_norm1`, eps), {
        projections: projectionsAt(`${path}.self_attn`),
        output: linearAt(`${path}.self_attn.out_proj`),
        heads,
        headWidth,
        causal,
      }),
      networkBranch(layerNormAt(`${path}.layer_norm2`, eps), {
        up: linearAt(`${path}.mlp.fc1`),
        output: linearAt(`${path}.mlp.fc2`),
        activation: activationIn(config, ["hidden_act"], "quick_gelu"),
      }),
    ],
  };
}

function layers(config: Config, has: Has, path: string, causal: boolean): Block[] {
  return layersOf(
    countIn(config, ["num_hidden_layers"]),
    has,
    (index) => block(config, `${path}.encoder.layers.${index}`, causal),
  );
}

function vision(config: Config, has: Has): Stack {
  const path = "vision_model";
  const eps = epsIn(config, ["layer_norm_eps"], 1e-5);
  return {
    width: countIn(config, ["hidden_size"]),
    entry: {
      kind: "patches",
      patches: linearAt(`${path}.embeddings.patch_embedding`),
      patchSize: countIn(config, ["patch_size"]),
      channels: countIn(config, ["num_channels"], 3),
      imageSize: countIn(config, ["image_size"]),
      before: [{ table: `${path}.embeddings.class_embedding` }],
      positions: { table: `${path}.embeddings.position_embedding.weight` },
    },
    entryNorm: layerNormAt(`${path}.pre_layrnorm`, eps), // so spelled
    recenter: false,
    residual: preLn,
    blocks: layers(config, has, path, false),
    final: layerNormAt(`${path}.post_layernorm`, eps),
  };
}

function text(config: Config, has: Has): Stack {
  const path = "text_model";
  return {
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(`${path}.embeddings.token_embedding.weight`, {
      positions: `${path}.embeddings.position_embedding.weight`,
    }),
    recenter: false,
    residual: preLn,
    blocks: layers(config, has, path, true),
    final: layerNormAt(`${path}.final_layer_norm`, epsIn(config, ["layer_norm_eps"], 1e-5)),
  };
}

/** What a side's configuration may leave out. */
const standards = {
  vision: {
    hidden_size: 768,
    num_attention_heads: 12,
    num_hidden_layers: 12,
    patch_size: 32,
    image_size: 224,
  },
  text: { hidden_size: 512, num_attention_heads: 8, num_hidden_layers: 12, eos_token_id: 49407 },
} as const;

function describe(config: Config, has: Has): ModelSpec {
  const side = (name: "vision" | "text"): Config => ({
    ...standards[name],
    ...partOf(config, `${name}_config`),
  });
  const words = side("text");
  const end = numberIn(words, ["eos_token_id"]);
  return {
    stacks: { vision: vision(side("vision"), has), text: text(words, has) },
    heads: [
      {
        linear: linearAt("visual_projection"),
        stack: "vision",
        reads: "first",
        output: "image_embeds",
      },
      {
        linear: linearAt("text_projection"),
        stack: "text",
        reads: "end",
        ...(end === 2 ? {} : { endToken: end }), // 2 stands for: where the largest id is
        output: "text_embeds",
      },
    ],
  };
}

/** CLIP: a stack that reads images and one that reads text. */
export const clip: Family = { id: "clip", label: "CLIP", describe, untie: (config) => config };
