// BART: a Post-LN encoder and a Post-LN decoder that share their token table; positions start at row 2 of theirs.

import type { Attention, Block, ModelSpec, NormSpec, Stack } from "../model/spec.ts";
import { postLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionOf,
  branch,
  languageHead,
  layerNormAt,
  layersOf,
  linearAt,
  networkOf,
  prefixOf,
  projectionsAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { activationIn, countIn, flagIn, headsIn } from "./settings.ts";

const eps = 1e-5;

type Side = "encoder" | "decoder";

/** The norm behind a sub-layer of a name. */
const normAt = (path: string): { readonly stream: NormSpec } => ({
  stream: layerNormAt(`${path}_layer_norm`, eps),
});

function attention(
  config: Config,
  side: Side,
  path: string,
  others: Partial<Attention>,
): Attention {
  const width = countIn(config, ["d_model"]);
  const heads = headsIn(config, [`${side}_attention_heads`], width);
  return attentionOf({
    projections: projectionsAt(path),
    heads,
    headWidth: width / heads,
    ...others,
    output: linearAt(`${path}.out_proj`),
  });
}

function block(config: Config, side: Side, path: string): Block {
  const own = attention(config, side, `${path}.self_attn`, { causal: side === "decoder" });
  const cross = attention(config, side, `${path}.encoder_attn`, {
    causal: false,
    memory: "encoder",
  });
  const network = networkOf({
    up: linearAt(`${path}.fc1`),
    output: linearAt(`${path}.fc2`),
    activation: activationIn(config, ["activation_function"], "gelu"),
  });
  return {
    parallel: false,
    branches: [
      branch(normAt(`${path}.self_attn`), own),
      ...(side === "decoder" ? [branch(normAt(`${path}.encoder_attn`), cross)] : []),
      branch(normAt(`${path}.final`), network),
    ],
  };
}

function stack(config: Config, has: Has, side: Side, prefix: string): Stack {
  const width = countIn(config, ["d_model"]);
  const path = `${prefix}${side}`;
  return {
    width,
    entry: tokenEntry(`${prefix}shared.weight`, {
      positions: `${path}.embed_positions.weight`,
      offset: 2,
      scale: flagIn(config, "scale_embedding", false) ? Math.sqrt(width) : 1,
      source: side === "encoder",
    }),
    entryNorm: layerNormAt(`${path}.layernorm_embedding`, eps),
    recenter: false,
    residual: postLn,
    blocks: layersOf(
      countIn(config, [`${side}_layers`]),
      has,
      (index) => block(config, side, `${path}.layers.${index}`),
    ),
  };
}

function describe(config: Config, has: Has): ModelSpec {
  const prefix = prefixOf(has, "shared.weight", ["model.", ""]);
  return {
    stacks: {
      encoder: stack(config, has, "encoder", prefix),
      decoder: stack(config, has, "decoder", prefix),
    },
    ...languageHead(config, `${prefix}shared.weight`, { bias: "final_logits_bias" }),
  };
}

/** BART, base and large. */
export const bart: Family = { id: "bart", label: "BART", describe, untie: untieWordEmbeddings };
