// Vision Transformers and what is built like them: of images, of videos (VideoMAE, ViViT) and of spectrograms (AST), with class,
// distillation, register or no tokens, with LayerScale, gates, turning heads or relative positions.

import type {
  Attention,
  Block,
  FeedForward,
  ModelSpec,
  NormSpec,
  Relative,
  Stack,
  Table,
} from "../model/spec.ts";
import { preLn } from "../residual/variants.ts";
import type { EntryOf } from "../model/interpreter.ts";
import { gridOf } from "../model/patches.ts";
import { namesIn } from "../model/spec.ts";
import type { Config, Family, Has, HeadKind } from "./family.ts";
import { patchGuess } from "./heads.ts";
import { rotaryIn } from "./rotary.ts";
import { branch, layerNormAt, layersOf, linearAt, prefixOf, projectionsAt } from "./spec_parts.ts";
import {
  activationIn,
  countIn,
  countsIn,
  epsIn,
  flagIn,
  headsIn,
  numberIn,
  unknownSetting,
} from "./settings.ts";

type Patches = EntryOf<"patches">;

/** What a layer calls its matrices and norms. */
interface LayerNames {
  /** The norms before attention and before the network. */
  readonly norms: readonly [string, string];
  /** Queries, keys and values under their path, and the map that writes. */
  readonly attention: readonly [path: string, q: string, k: string, v: string, output: string];
  /** The matrices of the network. */
  readonly up: string;
  readonly down: string;
  /** LayerScale of attention and network, where there is such. */
  readonly scales?: readonly [string, string];
}

/** In what families of this kind differ. */
interface Kind {
  readonly id: string;
  readonly label: string;
  /** The first word of the body's names. */
  readonly prefix: string;
  /** ε where the configuration has none. */
  readonly eps: number;
  readonly names: LayerNames;
  /** The path of layers, and of the final norm. */
  readonly layers?: string;
  readonly final?: string;
  /** The patches' map; `embeddings.patch_embeddings.projection` unless given. */
  readonly patches?: string;
  /** Tokens in front, and registers behind the first of them after positions are added. */
  readonly before: readonly string[];
  readonly registers?: string;
  /** The rows that a classifier reads. */
  readonly reads: NonNullable<Family["heads"]>[number]["reads"];
  /** What else the entry has; images with learned positions unless given. */
  entry?(config: Config, at: (name: string) => Table): Partial<Patches>;
  /** What else attention and network have. */
  attention?(config: Config, has: Has, layer: string): Partial<Attention>;
  network?(config: Config, layer: string): Partial<FeedForward>;
  /** What else the stack has. */
  stack?(config: Config, has: Has, prefix: string): Partial<Stack>;
  /** Names in the embeddings that are not read. */
  unread?(config: Config): readonly string[];
  /** What it has besides the classifier: heads, and what is described otherwise. */
  readonly heads?: readonly HeadKind[];
  others?(config: Config, has: Has): Partial<ModelSpec>;
  /** Names in the embeddings that are never trained. */
  readonly frozen?: readonly string[];
}

const plainNames: LayerNames = {
  norms: ["layernorm_before", "layernorm_after"],
  attention: ["attention.attention", "query", "key", "value", "attention.output.dense"],
  up: "intermediate.dense",
  down: "output.dense",
};

const dinoNames: LayerNames = {
  ...plainNames,
  norms: ["norm1", "norm2"],
  up: "mlp.fc1",
  down: "mlp.fc2",
  scales: ["layer_scale1.lambda1", "layer_scale2.lambda1"],
};

function block(kind: Kind, config: Config, has: Has, path: string): Block {
  const { names } = kind;
  const eps = epsIn(config, ["layer_norm_eps"], kind.eps);
  const width = countIn(config, ["hidden_size"]);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const [inside, q, k, v, output] = names.attention;
  const scale = (which: 0 | 1): { scale?: string } =>
    names.scales === undefined || config["layer_scale_init_value"] === 0
      ? {}
      : { scale: `${path}.${names.scales[which]}` };
  return {
    parallel: false,
    branches: [
      branch({ input: layerNormAt(`${path}.${names.norms[0]}`, eps) }, {
        kind: "attention",
        projections: projectionsAt(`${path}.${inside}`, [q, k, v]),
        output: { linear: linearAt(`${path}.${output}`), ...scale(0) },
        heads,
        keyValueHeads: heads,
        headWidth: width / heads,
        scale: (width / heads) ** -0.5,
        causal: false,
        ...kind.attention?.(config, has, path),
      }),
      branch({ input: layerNormAt(`${path}.${names.norms[1]}`, eps) }, {
        kind: "feedForward",
        up: linearAt(`${path}.${names.up}`),
        output: { linear: linearAt(`${path}.${names.down}`), ...scale(1) },
        activation: activationIn(config, ["hidden_act"], "gelu"),
        ...kind.network?.(config, path),
      }),
    ],
  };
}

/** Height and width, which are one number where they are equal. */
export function sidesIn(config: Config, key: string, standard: number): readonly [number, number] {
  const value = config[key] ?? standard;
  if (!Array.isArray(value)) {
    const side = countIn(config, [key], standard);
    return [side, side];
  }
  const [height, width, ...others] = countsIn(config, key, []);
  if (width !== undefined && others.length === 0) return [height!, width];
  throw unknownSetting(key, value, "it must be one number or two");
}

function entryOf(kind: Kind, config: Config, prefix: string): Patches {
  const table = (name: string): Table => ({ table: `${prefix}embeddings.${name}` });
  const { patches = "embeddings.patch_embeddings.projection", before, registers } = kind;
  return {
    kind: "patches",
    patches: linearAt(`${prefix}${patches}`),
    patchSize: countIn(config, ["patch_size"], 16),
    channels: countIn(config, ["num_channels"], 3),
    imageSize: sidesIn(config, "image_size", 224),
    before: before.map(table),
    ...(registers === undefined ? {} : { registers: table(registers) }),
    ...(kind.entry === undefined
      ? { positions: table("position_embeddings") }
      : kind.entry(config, table)),
  };
}

function describe(kind: Kind, config: Config, has: Has): ModelSpec {
  const { patches = "embeddings.patch_embeddings.projection", layers = "encoder.layer" } = kind;
  const prefix = prefixOf(has, `${patches}.weight`, [`${kind.prefix}.`, ""]);
  const [inside, query] = kind.names.attention;
  const ofLayers = prefixOf(has, `${layers}.0.${inside}.${query}.weight`, [prefix, ""]);
  const eps = epsIn(config, ["layer_norm_eps"], kind.eps);
  return {
    stacks: {
      vision: {
        width: countIn(config, ["hidden_size"]),
        entry: entryOf(kind, config, prefix),
        recenter: false,
        residual: preLn,
        blocks: layersOf(
          countIn(config, ["num_hidden_layers"]),
          has,
          (index) => block(kind, config, has, `${ofLayers}${layers}.${index}`),
        ),
        ...(kind.stack?.(config, has, prefix) ??
          { final: layerNormAt(`${prefix}${kind.final ?? "layernorm"}`, eps) }),
      },
    },
    heads: [],
    unread: (kind.unread?.(config) ?? []).map((name) => `${prefix}embeddings.${name}`).filter(has),
    ...kind.others?.(config, has),
    frozen: (kind.frozen ?? []).map((name) => `${prefix}embeddings.${name}`),
  };
}

const vit = {
  eps: 1e-12,
  names: plainNames,
  before: ["cls_token"],
  reads: "first",
} as const satisfies Partial<Kind>;

/** DINOv2, whose classifier reads the class token beside the mean of the patches. */
const dinov2 = {
  eps: 1e-6,
  before: ["cls_token"],
  reads: "first-and-mean",
  names: dinoNames,
} as const satisfies Partial<Kind>;

/** DINOv2-giant's network holds its gate, which is SiLU whatever the configuration says. */
const giant = (config: Config, layer: string): Partial<FeedForward> =>
  flagIn(config, "use_swiglu_ffn", false)
    ? {
      up: linearAt(`${layer}.mlp.weights_in`),
      output: {
        linear: linearAt(`${layer}.mlp.weights_out`),
        scale: `${layer}.${dinoNames.scales![1]}`,
      },
      activation: "silu",
      holdsGate: true,
    }
    : {};

/** How many patches an image has down and across. */
function gridIn(config: Config): readonly [rows: number, columns: number] {
  const patchSize = countIn(config, ["patch_size"], 16);
  return gridOf({ patchSize }, sidesIn(config, "image_size", 224));
}

const countRegisters = (config: Config): number => numberIn(config, ["num_register_tokens"], 0);

/** DINOv3: heads that turn by rows and columns in the place of positions, and a network that may have a gate. */
const dinov3: Kind = {
  id: "dinov3_vit",
  label: "DINOv3",
  prefix: "dinov3_vit",
  eps: 1e-5,
  names: {
    ...dinoNames,
    attention: ["attention", "q_proj", "k_proj", "v_proj", "attention.o_proj"],
    up: "mlp.up_proj",
    down: "mlp.down_proj",
  },
  layers: "layer",
  final: "norm",
  patches: "embeddings.patch_embeddings",
  before: ["cls_token"],
  reads: "first",
  entry: (config, table) => ({
    before: ["cls_token", ...(countRegisters(config) > 0 ? ["register_tokens"] : [])].map(table),
  }),
  unread: (config) => countRegisters(config) > 0 ? [] : ["register_tokens"],
  attention: (config) => {
    const [rows, columns] = gridIn(config);
    const heads = headsIn(config, ["num_attention_heads"], countIn(config, ["hidden_size"]));
    const headWidth = countIn(config, ["hidden_size"]) / heads;
    if (headWidth % 4 !== 0) {
      throw unknownSetting("num_attention_heads", heads, "the width of heads must divide by 4");
    }
    const grid = { rows, columns, before: 1 + countRegisters(config) };
    return { rotary: { ...rotaryIn({ rope_theta: 100, ...config }, headWidth), grid } };
  },
  network: (config, layer) =>
    flagIn(config, "use_gated_mlp", false) ? { gate: linearAt(`${layer}.mlp.gate_proj`) } : {},
};

/** The tables of relative positions, of each layer or one for all. */
function beitPositions(config: Config, has: Has, layer: string): Partial<Attention> {
  const [own, shared] = ["use_relative_position_bias", "use_shared_relative_position_bias"]
    .map((key) => flagIn(config, key, false));
  if (!own && !shared) return {};
  if (own && shared) {
    throw unknownSetting(
      "use_shared_relative_position_bias",
      true,
      "it is described beside use_relative_position_bias = false only",
    );
  }
  const body = layer.slice(0, layer.lastIndexOf(".layer."));
  const name = "relative_position_bias.relative_position_bias_table";
  const path = shared ? body : `${layer}.attention.attention`;
  const [rows, columns] = gridIn(config);
  const relative: Relative = {
    table: { table: `${path}.${name}` },
    places: { kind: "grid", rows, columns },
  };
  if (has(relative.table.table)) return { relative };
  throw new RangeError(`Cannot add relative positions: the checkpoint has no ${path}.${name}`);
}

/** Whether there is a norm of the mean: its gain, or, where a conversion took that away, a classifier behind it. */
const isThere = (has: Has, { gain }: NormSpec): boolean => has(gain) || has("classifier.weight");

/** BEiT: a norm of the mean of the patches at the end, or a norm of all rows; beside that what guesses patches has one of its own. */
const beit = {
  eps: 1e-12,
  before: ["cls_token"],
  reads: "first",
  names: { ...plainNames, scales: ["lambda_1", "lambda_2"] },
  entry: (config: Config, table: (name: string) => Table): Partial<Patches> =>
    flagIn(config, "use_absolute_position_embeddings", false)
      ? { positions: table("position_embeddings") }
      : {},
  attention: beitPositions,
  stack: (config: Config, has: Has, prefix: string): Partial<Stack> => {
    const eps = epsIn(config, ["layer_norm_eps"], 1e-12);
    const isOfMean = flagIn(config, "use_mean_pooling", true);
    if (has("lm_head.weight")) {
      if (isOfMean) return { final: layerNormAt("layernorm", eps) };
      const why = "masked images are described with true only: transformers swaps their two norms";
      throw unknownSetting("use_mean_pooling", false, why);
    }
    if (!isOfMean) return { final: layerNormAt(`${prefix}layernorm`, eps) };
    const norm = layerNormAt(`${prefix}pooler.layernorm`, eps);
    return isThere(has, norm) ? { final: norm, finalOfMean: true } : {};
  },
} as const satisfies Partial<Kind>;

/** Videos, whose patches span several frames. */
function framesIn(config: Config, together: number): Partial<Patches> {
  return { input: "video", frames: { count: countIn(config, ["num_frames"], 16), together } };
}

/** ViViT's patches, whose size stands among the tubelets. */
function tubelets(config: Config): Partial<Patches> {
  const [together, down, across] = countsIn(config, "tubelet_size", [2, 16, 16]);
  if (across === undefined || down !== across) {
    throw unknownSetting("tubelet_size", config["tubelet_size"], "it must be frames and a square");
  }
  return { ...framesIn(config, together!), patchSize: down };
}

const spectrogram = (config: Config): Partial<Patches> => ({
  input: "spectrogram",
  channels: 1,
  imageSize: [countIn(config, ["num_mel_bins"], 128), countIn(config, ["max_length"], 1024)],
  stride: [countIn(config, ["frequency_stride"], 10), countIn(config, ["time_stride"], 10)],
});

/** VideoMAE's norm at the end: of all rows, or of the mean of those that its classifier reads. */
function videoFinal(config: Config, has: Has, prefix: string): Partial<Stack> {
  if (!flagIn(config, "use_mean_pooling", true)) {
    return { final: layerNormAt(`${prefix}layernorm`, epsIn(config, ["layer_norm_eps"], 1e-12)) };
  }
  const norm = layerNormAt("fc_norm", 1e-5);
  return isThere(has, norm) ? { final: norm, finalOfMean: true } : {};
}

/** ViT-MAE's decoder reads its encoder through a map. What is behind that is another model, which nothing here runs or changes. */
function maeDecoder(config: Config, has: Has): Pick<ModelSpec, "heads" | "unread"> {
  const linear = linearAt("decoder.decoder_embed");
  if (!has(linear.weight)) return { heads: [] };
  const layers = countIn(config, ["decoder_num_hidden_layers"], 8);
  const own = { ...config, hidden_size: config["decoder_hidden_size"] ?? 512 };
  const heads = config["decoder_num_attention_heads"] ?? 16;
  const inLayers = ["decoder.decoder_layers", "decoder.decoder_encoder.layer"].flatMap((path) =>
    Array.from({ length: layers }, (_, index) => [
      ...namesIn(block(mae, { ...own, num_attention_heads: heads }, has, `${path}.${index}`)),
    ])
  );
  const others = ["decoder_norm.weight", "decoder_norm.bias", "decoder_pred.weight"]
    .concat("decoder_pred.bias", "decoder_pos_embed", "mask_token")
    .map((name) => `decoder.${name}`);
  return {
    heads: [{ linear, stack: "vision", reads: "all", output: "decoder_embed" }],
    unread: [...inLayers.flat(), ...others].filter(has),
  };
}

/** ViT-MAE's encoder, reading all patches. */
const mae: Kind = {
  id: "vit_mae",
  label: "ViT-MAE",
  prefix: "vit",
  ...vit,
  frozen: ["position_embeddings"],
  others: maeDecoder,
};

const kinds: readonly Kind[] = [
  { id: "vit", label: "ViT", prefix: "vit", ...vit },
  {
    id: "deit",
    label: "DeiT",
    prefix: "deit",
    ...vit,
    before: ["cls_token", "distillation_token"],
  },
  { id: "vit_msn", label: "ViT-MSN", prefix: "vit", ...vit, eps: 1e-6 },
  mae,
  { id: "ijepa", label: "I-JEPA", prefix: "ijepa", ...vit, before: [], reads: "mean" },
  { id: "dinov2", label: "DINOv2", prefix: "dinov2", ...dinov2, network: giant },
  {
    id: "dinov2_with_registers",
    label: "DINOv2 with registers",
    prefix: "dinov2_with_registers",
    registers: "register_tokens",
    ...dinov2,
    network: giant,
  },
  dinov3,
  { id: "beit", label: "BEiT", prefix: "beit", ...beit, heads: [patchGuess] },
  { id: "data2vec-vision", label: "data2vec of images", prefix: "data2vec_vision", ...beit },
  {
    id: "audio-spectrogram-transformer",
    label: "AST",
    prefix: "audio_spectrogram_transformer",
    ...vit,
    before: ["cls_token", "distillation_token"],
    reads: "first-two",
    entry: (config, table) => ({
      ...spectrogram(config),
      positions: table("position_embeddings"),
    }),
  },
  {
    id: "vivit",
    label: "ViViT",
    prefix: "vivit",
    ...vit,
    eps: 1e-6,
    entry: (config, table) => ({ ...tubelets(config), positions: table("position_embeddings") }),
    network: (config) => ({ activation: activationIn(config, ["hidden_act"], "gelu_new") }),
  },
  {
    id: "videomae",
    label: "VideoMAE",
    prefix: "videomae",
    ...vit,
    before: [],
    entry: (config) => ({
      ...framesIn(config, countIn(config, ["tubelet_size"], 2)),
      sinusoids: true,
    }),
    attention: (_, __, layer) => {
      const path = `${layer}.attention.attention`;
      const { q, k, v } = projectionsAt(path, ["query", "key", "value"]);
      const [qBias, vBias] = [`${path}.q_bias`, `${path}.v_bias`];
      return { projections: { q: { ...q, bias: qBias }, k, v: { ...v, bias: vBias } } };
    },
    stack: videoFinal,
  },
];

/** Vision Transformers of images, videos and spectrograms. */
export const visionFamilies: readonly Family[] = kinds.map((kind) => ({
  id: kind.id,
  label: kind.label,
  describe: (config, has) => describe(kind, config, has),
  heads: [
    kind.id === "audio-spectrogram-transformer"
      ? { path: "classifier.dense", norm: "classifier.layernorm", reads: kind.reads }
      : { path: "classifier", reads: kind.reads },
    ...kind.heads ?? [],
  ],
  untie: (config) => config,
}));
