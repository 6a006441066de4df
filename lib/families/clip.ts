// CLIP and SigLIP, whole or one side of them: a stack for images, a stack for text, and what makes an embedding of each.

import type { Block, Head, ModelSpec, Stack } from "../model/spec.ts";
import { preLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionBranch,
  attentionOf,
  layerNormAt,
  layersOf,
  linearAt,
  networkBranch,
  networkOf,
  prefixOf,
  projectionsAt,
  tokenEntry,
} from "./spec_parts.ts";
import { sidesIn } from "./vit.ts";
import { activationIn, countIn, epsIn, headsIn, numberIn, partOf } from "./settings.ts";

type Side = "vision" | "text";

/** In what CLIP and SigLIP differ. */
interface Kind {
  /** Whether images have a class token, which their head reads, and a norm before the first layer; and text sees no later tokens. */
  readonly isClip: boolean;
  /** What a side's configuration may leave out. */
  readonly standards: Readonly<Record<Side | "both", Config>>;
}

const clipKind: Kind = {
  isClip: true,
  standards: {
    both: { layer_norm_eps: 1e-5, hidden_act: "quick_gelu", num_hidden_layers: 12 },
    vision: { hidden_size: 768, num_attention_heads: 12, patch_size: 32, image_size: 224 },
    text: { hidden_size: 512, num_attention_heads: 8, eos_token_id: 49407 },
  },
};

const siglipKind: Kind = {
  isClip: false,
  standards: {
    both: {
      layer_norm_eps: 1e-6,
      hidden_act: "gelu_pytorch_tanh",
      num_hidden_layers: 12,
      hidden_size: 768,
      num_attention_heads: 12,
    },
    vision: { patch_size: 16, image_size: 224 },
    text: {},
  },
};

const epsOf = (config: Config): number => epsIn(config, ["layer_norm_eps"]);

/** Heads of a side, and their width. */
function headsOf(config: Config): { readonly heads: number; readonly headWidth: number } {
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  return { heads, headWidth: width / heads };
}

/** The network under a path. */
const networkAt = (config: Config, path: string) => ({
  up: linearAt(`${path}.fc1`),
  output: linearAt(`${path}.fc2`),
  activation: activationIn(config, ["hidden_act"], "gelu"),
});

function layers(config: Config, has: Has, prefix: string, causal: boolean): Block[] {
  return layersOf(countIn(config, ["num_hidden_layers"]), has, (index) => {
    const path = `${prefix}encoder.layers.${index}`;
    return {
      parallel: false,
      branches: [
        attentionBranch(layerNormAt(`${path}.layer_norm1`, epsOf(config)), {
          projections: projectionsAt(`${path}.self_attn`),
          output: linearAt(`${path}.self_attn.out_proj`),
          ...headsOf(config),
          causal,
        }),
        networkBranch(
          layerNormAt(`${path}.layer_norm2`, epsOf(config)),
          networkAt(config, `${path}.mlp`),
        ),
      ],
    };
  });
}

function vision(config: Config, has: Has, prefix: string, { isClip }: Kind): Stack {
  const before = isClip ? [{ table: `${prefix}embeddings.class_embedding` }] : [];
  return {
    width: countIn(config, ["hidden_size"]),
    entry: {
      kind: "patches",
      patches: linearAt(`${prefix}embeddings.patch_embedding`),
      patchSize: countIn(config, ["patch_size"]),
      channels: countIn(config, ["num_channels"], 3),
      imageSize: sidesIn(config, "image_size", 224),
      before,
      positions: { table: `${prefix}embeddings.position_embedding.weight` },
    },
    ...(isClip ? { entryNorm: layerNormAt(`${prefix}pre_layrnorm`, epsOf(config)) } : {}), // so spelled
    recenter: false,
    residual: preLn,
    blocks: layers(config, has, prefix, false),
    final: layerNormAt(`${prefix}post_layernorm`, epsOf(config)),
  };
}

function text(config: Config, has: Has, prefix: string, { isClip }: Kind): Stack {
  return {
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(`${prefix}embeddings.token_embedding.weight`, {
      positions: `${prefix}embeddings.position_embedding.weight`,
    }),
    recenter: false,
    residual: preLn,
    blocks: layers(config, has, prefix, isClip),
    final: layerNormAt(`${prefix}final_layer_norm`, epsOf(config)),
  };
}

/** SigLIP's pooling of an image: a learned query attends the rows, and a network of what it finds is added to that. */
function poolingHead(config: Config, path: string): Head {
  const { output, ...network } = networkAt(config, `${path}.mlp`);
  const attention = attentionOf({
    projections: {
      qkv: {
        weight: `${path}.attention.in_proj_weight`,
        bias: `${path}.attention.in_proj_bias`,
        layout: "out-in",
      },
      order: "blocks",
    },
    output: linearAt(`${path}.attention.out_proj`),
    ...headsOf(config),
    causal: false,
  });
  return {
    linear: output,
    stack: "vision",
    reads: "all",
    pool: {
      probe: { table: `${path}.probe` },
      attention,
      norm: layerNormAt(`${path}.layernorm`, epsOf(config)),
      network: networkOf({ ...network, output }),
    },
    output: "image_embeds",
  };
}

/** The configurations of both sides, and the prefixes of their names. */
interface Sides {
  readonly vision: Config;
  readonly text: Config;
  readonly visionPrefix: string;
  readonly textPrefix: string;
}

/** Where CLIP's text ends: 2 stands for the largest id. */
function endOf(config: Config): Pick<Head, "reads" | "endToken"> {
  const end = numberIn(config, ["eos_token_id"]);
  return end === 2 ? { reads: "end" } : { reads: "end", endToken: end };
}

/** What makes an embedding of each side. */
function embeddingHeads({ isClip }: Kind, sides: Sides): Head[] {
  const text = { stack: "text", output: "text_embeds" };
  if (!isClip) {
    return [
      poolingHead(sides.vision, `${sides.visionPrefix}head`),
      { linear: linearAt(`${sides.textPrefix}head`), reads: "last", ...text },
    ];
  }
  const image = { stack: "vision", reads: "first", output: "image_embeds" } as const;
  return [
    { linear: linearAt("visual_projection"), ...image },
    { linear: linearAt("text_projection"), ...endOf(sides.text), ...text },
  ];
}

/** A model that classifies images by the mean of their patches; CLIP's is that of the stream, without a norm. */
function classifier({ final, ...stream }: Stack, { isClip }: Kind): ModelSpec {
  return {
    stacks: { vision: isClip ? stream : { ...stream, final: final! } },
    heads: [{ linear: linearAt("classifier"), stack: "vision", reads: "patch-mean" }],
    ...(isClip ? { unread: [final!.gain, final!.bias] } : {}),
  };
}

/** Describes a whole model or a side of it. */
function describe(kind: Kind, own: Side | "both", config: Config, has: Has): ModelSpec {
  const side = (name: Side): Config => ({
    ...kind.standards.both,
    ...kind.standards[name],
    ...(own === "both" ? partOf(config, `${name}_config`) : config),
  });
  const sides: Sides = {
    vision: side("vision"),
    text: side("text"),
    visionPrefix: prefixOf(has, "embeddings.patch_embedding.weight", ["vision_model.", ""]),
    textPrefix: prefixOf(has, "embeddings.token_embedding.weight", ["text_model.", ""]),
  };
  const images = (): Stack => vision(sides.vision, has, sides.visionPrefix, kind);
  if (own !== "text" && has("classifier.weight")) return classifier(images(), kind);
  const heads = embeddingHeads(kind, sides);
  return {
    stacks: {
      ...(own === "text" ? {} : { vision: images() }),
      ...(own === "vision" ? {} : { text: text(sides.text, has, sides.textPrefix, kind) }),
    },
    heads: heads.filter(({ linear, stack }) =>
      own === "both" || (own === stack && has(linear.weight))
    ),
    ...(own === "text" && !kind.isClip ? { bare: true } : {}), // its states are outputs as well
  };
}

/** The endings of the types of a whole model and of its sides. */
const sidesOf = { "": "both", "_text_model": "text", "_vision_model": "vision" } as const;

/** CLIP and SigLIP, and their sides alone. */
export const clipLike: readonly Family[] = [["clip", "CLIP"], ["siglip", "SigLIP"]].flatMap(
  ([id, label]) =>
    Object.entries(sidesOf).map(([ending, side]): Family => ({
      id: `${id}${ending}`,
      label: side === "both" ? label! : `${label} of ${side === "text" ? "text" : "images"}`,
      describe: (config, has) => describe(id === "clip" ? clipKind : siglipKind, side, config, has),
      untie: (config) => config,
    })),
);
