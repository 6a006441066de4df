// Vision Transformers: ViT, DeiT with its distillation token, DINOv2 with LayerScale and registers.

import type { Block, Head, ModelSpec, Stack, Table } from "../model/spec.ts";
import { preLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import { branch, layerNormAt, layersOf, linearAt, prefixOf, projectionsAt } from "./spec_parts.ts";
import { activationIn, countIn, epsIn, flagIn, headsIn } from "./settings.ts";

/** The names and standards in which the families differ. */
interface Names {
  /** ε where the configuration has none. */
  readonly eps: number;
  /** The norms before attention and before the network. */
  readonly norms: readonly [string, string];
  /** The matrices of the network. */
  readonly up: string;
  readonly down: string;
  /** Whether its first matrix gives a gate besides. */
  readonly isGated?: boolean;
  /** LayerScale of attention and network, where there is such. */
  readonly scales?: readonly [string, string];
}

const plain: Names = {
  eps: 1e-12,
  norms: ["layernorm_before", "layernorm_after"],
  up: "intermediate.dense",
  down: "output.dense",
};

const dino: Names = {
  eps: 1e-6,
  norms: ["norm1", "norm2"],
  up: "mlp.fc1",
  down: "mlp.fc2",
  scales: ["layer_scale1.lambda1", "layer_scale2.lambda1"],
};

/** DINOv2-giant: a network whose first matrix holds its gate, which is SiLU whatever the configuration says. */
const gatedDino: Names = { ...dino, up: "mlp.weights_in", down: "mlp.weights_out", isGated: true };

function block(config: Config, path: string, names: Names): Block {
  const eps = epsIn(config, ["layer_norm_eps"], names.eps);
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const headWidth = width / heads;
  const attention = `${path}.attention.attention`;
  const scale = (which: 0 | 1): { scale?: string } =>
    names.scales === undefined ? {} : { scale: `${path}.${names.scales[which]}` };
  return {
    parallel: false,
    branches: [
      branch({ input: layerNormAt(`${path}.${names.norms[0]}`, eps) }, {
        kind: "attention",
        projections: projectionsAt(`${attention}`, ["query", "key", "value"]),
        output: { linear: linearAt(`${path}.attention.output.dense`), ...scale(0) },
        heads,
        keyValueHeads: heads,
        headWidth,
        scale: headWidth ** -0.5,
        causal: false,
      }),
      branch({ input: layerNormAt(`${path}.${names.norms[1]}`, eps) }, {
        kind: "feedForward",
        up: linearAt(`${path}.${names.up}`),
        output: { linear: linearAt(`${path}.${names.down}`), ...scale(1) },
        activation: names.isGated ? "silu" : activationIn(config, ["hidden_act"], "gelu"),
        ...(names.isGated ? { holdsGate: true } : {}),
      }),
    ],
  };
}

function stack(config: Config, has: Has, prefix: string, names: Names, tokens: {
  readonly before: readonly string[];
  readonly registers?: string;
}): Stack {
  const table = (name: string): Table => ({ table: `${prefix}embeddings.${name}` });
  return {
    width: countIn(config, ["hidden_size"]),
    entry: {
      kind: "patches",
      patches: linearAt(`${prefix}embeddings.patch_embeddings.projection`),
      patchSize: countIn(config, ["patch_size"], 16),
      channels: countIn(config, ["num_channels"], 3),
      imageSize: countIn(config, ["image_size"], 224),
      before: tokens.before.map(table),
      ...(tokens.registers === undefined ? {} : { registers: table(tokens.registers) }),
      positions: table("position_embeddings"),
    },
    recenter: false,
    residual: preLn,
    blocks: layersOf(
      countIn(config, ["num_hidden_layers"]),
      has,
      (index) => block(config, `${prefix}encoder.layer.${index}`, names),
    ),
    final: layerNormAt(`${prefix}layernorm`, epsIn(config, ["layer_norm_eps"], names.eps)),
  };
}

/** The classifier of an image, and the rows that it reads. */
const classifierOf = (reads: Head["reads"]): Pick<Family, "heads"> => ({
  heads: [{ path: "classifier", reads }],
});

/** The kernel of the first convolution, by which a prefix is known. */
const firstKernel = "embeddings.patch_embeddings.projection.weight";

const vit: Family = {
  id: "vit",
  label: "ViT",
  describe: (config, has): ModelSpec => {
    const prefix = prefixOf(has, firstKernel, ["vit.", ""]);
    return {
      stacks: { vision: stack(config, has, prefix, plain, { before: ["cls_token"] }) },
      heads: [],
    };
  },
  ...classifierOf("first"),
  untie: (config) => config,
};

const deit: Family = {
  id: "deit",
  label: "DeiT",
  describe: (config, has): ModelSpec => {
    const prefix = prefixOf(has, firstKernel, ["deit.", ""]);
    const before = ["cls_token", "distillation_token"];
    return {
      stacks: { vision: stack(config, has, prefix, plain, { before }) },
      heads: [],
    };
  },
  ...classifierOf("first"),
  untie: (config) => config,
};

/** DINOv2, whose classifier reads the class token beside the mean of the patches. */
function dinov2(id: string, label: string, prefix: string, registers?: string): Family {
  return {
    id,
    label,
    describe: (config, has): ModelSpec => {
      const own = prefixOf(has, firstKernel, [prefix, ""]);
      const before = ["cls_token"];
      const tokens = registers === undefined ? { before } : { before, registers };
      return {
        stacks: {
          vision: stack(
            config,
            has,
            own,
            flagIn(config, "use_swiglu_ffn", false) ? gatedDino : dino,
            tokens,
          ),
        },
        heads: [],
      };
    },
    ...classifierOf("first-and-mean"),
    untie: (config) => config,
  };
}

/** ViT, DeiT, DINOv2 without and with registers. */
export const visionFamilies: readonly Family[] = [
  vit,
  deit,
  dinov2("dinov2", "DINOv2", "dinov2."),
  dinov2(
    "dinov2_with_registers",
    "DINOv2 with registers",
    "dinov2_with_registers.",
    "register_tokens",
  ),
];
