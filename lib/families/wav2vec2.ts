// wav2vec 2.0 and its kin: convolutions of a waveform, positions by a convolution, and an encoder that is Pre-LN ("stable") or Post-LN.

import type { Block, Convolution, Head, ModelSpec, NormSpec, Relative } from "../model/spec.ts";
import { postLn, preLn } from "../residual/variants.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  attentionOf,
  branch,
  layerNormAt,
  layersOf,
  linearAt,
  networkOf,
  prefixOf,
  projectionsAt,
} from "./spec_parts.ts";
import {
  activationIn,
  countIn,
  countsIn,
  epsIn,
  flagIn,
  headsIn,
  unknownSetting,
} from "./settings.ts";

/** In what families of this kind differ. */
interface Kind {
  readonly id: string;
  readonly label: string;
  /** The first word of the body's names. */
  readonly prefix: string;
  /** Whether several plain convolutions with norms give positions, and layers are Post-LN whatever the configuration says (data2vec). */
  readonly isData2Vec?: boolean;
  /** Whether scores have relative positions, of one table and with a gate in each layer (WavLM). */
  readonly isWavLM?: boolean;
}

const epsOf = (config: Config): number => epsIn(config, ["layer_norm_eps"], 1e-5);

/** Of the norms of convolutions, which no setting changes. */
const convolutionEps = 1e-5;

const isStable = (config: Config, { isData2Vec }: Kind): boolean =>
  flagIn(config, "do_stable_layer_norm", false) && isData2Vec !== true;

/** The relative positions of a layer. */
function relativeAt(config: Config, layers: string, path: string): Relative {
  return {
    table: { table: `${layers}.0.attention.rel_attn_embed.weight` },
    places: {
      kind: "ranges",
      count: countIn(config, ["num_buckets"], 320),
      farthest: countIn(config, ["max_bucket_distance"], 800),
    },
    gate: {
      linear: linearAt(`${path}.gru_rel_pos_linear`),
      constants: `${path}.gru_rel_pos_const`,
    },
  };
}

function block(config: Config, kind: Kind, layers: string, index: number): Block {
  const path = `${layers}.${index}`;
  const width = countIn(config, ["hidden_size"], 768);
  const heads = headsIn(config, ["num_attention_heads"], width);
  const place = isStable(config, kind) ? "input" : "stream";
  const norm = (name: string) => ({ [place]: layerNormAt(`${path}.${name}`, epsOf(config)) });
  const attention = attentionOf({
    projections: projectionsAt(`${path}.attention`),
    output: linearAt(`${path}.attention.out_proj`),
    heads,
    headWidth: width / heads,
    causal: false,
    ...(kind.isWavLM === true ? { relative: relativeAt(config, layers, `${path}.attention`) } : {}),
  });
  const network = networkOf({
    up: linearAt(`${path}.feed_forward.intermediate_dense`),
    output: linearAt(`${path}.feed_forward.output_dense`),
    activation: activationIn(config, ["hidden_act"], "gelu"),
  });
  return {
    parallel: false,
    branches: [branch(norm("layer_norm"), attention), branch(norm("final_layer_norm"), network)],
  };
}

/** The norm of the convolution at an index, where it has one: all of each frame, or the first over time. */
function convolutionNorm(
  config: Config,
  path: string,
  index: number,
): Pick<Convolution, "norm" | "overTime"> {
  const norm = layerNormAt(`${path}.layer_norm`, convolutionEps);
  const type = config["feat_extract_norm"] ?? "group";
  if (type === "layer") return { norm };
  if (type === "group") return index === 0 ? { norm, overTime: true } : {};
  throw unknownSetting("feat_extract_norm", type, 'it must be "group" or "layer"');
}

/** The convolutions of the waveform. */
function extractor(config: Config, kind: Kind, path: string): Convolution[] {
  const settings = kind.isData2Vec === true ? { ...config, feat_extract_norm: "layer" } : config;
  const strides = countsIn(config, "conv_stride", [5, 2, 2, 2, 2, 2, 2]);
  const widths = countsIn(config, "conv_kernel", [10, 3, 3, 3, 3, 2, 2]);
  if (strides.length !== widths.length) {
    throw unknownSetting("conv_kernel", widths, `it must have ${strides.length} numbers`);
  }
  return widths.map((width, index) => ({
    linear: linearAt(`${path}.${index}.conv`),
    width,
    stride: strides[index]!,
    padding: [0, 0],
    groups: 1,
    ...convolutionNorm(settings, `${path}.${index}`, index),
    activation: activationIn(config, ["feat_extract_activation"], "gelu"),
  }));
}

/** A convolution of frames that leaves their number. */
function positional(config: Config, width: number): Omit<Convolution, "linear"> {
  const before = Math.floor(width / 2);
  return {
    width,
    stride: 1,
    padding: [before, width - 1 - before],
    groups: countIn(config, ["num_conv_pos_embedding_groups"], 16),
    activation: activationIn(config, ["feat_extract_activation"], "gelu"),
  };
}

/** The convolution whose kernel is normalized; PyTorch names its parts since version 2 otherwise. */
function normalized(config: Config, has: Has, path: string): Convolution {
  const [lengths, directions] = has(`${path}.weight_g`)
    ? ["weight_g", "weight_v"]
    : ["parametrizations.weight.original0", "parametrizations.weight.original1"];
  return {
    ...positional(config, countIn(config, ["num_conv_pos_embeddings"], 128)),
    linear: { weight: `${path}.${directions}`, bias: `${path}.bias`, layout: "out-in" },
    lengths: `${path}.${lengths}`,
  };
}

/** The convolutions that give positions. */
function positions(config: Config, { isData2Vec }: Kind, has: Has, path: string): Convolution[] {
  if (isData2Vec !== true) return [normalized(config, has, `${path}.conv`)];
  const norm: NormSpec = { kind: "layer", eps: convolutionEps, gain: "", bias: "" };
  const shared = {
    ...positional(config, countIn(config, ["conv_pos_kernel_size"], 19)),
    norm,
  };
  const count = countIn(config, ["num_conv_pos_embeddings"], 5);
  const all: Convolution[] = [];
  for (let index = 0; index < count; index++) {
    const linear = linearAt(`${path}.layers.${index}.conv`);
    if (!has(linear.weight)) {
      throw unknownSetting(
        "num_conv_pos_embeddings",
        count,
        `the checkpoint has no ${linear.weight}`,
      );
    }
    all.push({ ...shared, linear });
  }
  return all;
}

/** Refuses what is not described. */
function requirePlain(config: Config): void {
  for (const key of ["add_adapter", "conv_pos_batch_norm", "use_weighted_layer_sum"]) {
    if (flagIn(config, key, false)) throw unknownSetting(key, true, "only false is described");
  }
  const adapter = config["adapter_attn_dim"] ?? null;
  if (adapter !== null) throw unknownSetting("adapter_attn_dim", adapter, "it must be null");
}

/** What training alone reads: what masks frames, and the quantizer. */
function unread(prefix: string): string[] {
  const maps = ["quantizer.weight_proj", "project_q"].map((path) => linearAt(path));
  return [
    `${prefix}masked_spec_embed`,
    "quantizer.codevectors",
    ...maps.flatMap(({ weight, bias }) => [weight, bias]),
  ];
}

function describe(kind: Kind, config: Config, has: Has): ModelSpec {
  requirePlain(config);
  const projected = "feature_projection.projection";
  const prefix = prefixOf(has, `${projected}.weight`, [`${kind.prefix}.`, ""]);
  const norm = layerNormAt(`${prefix}encoder.layer_norm`, epsOf(config));
  const stable = isStable(config, kind);
  const lm: Head = { linear: linearAt("lm_head"), stack: "encoder", reads: "all" };
  return {
    stacks: {
      encoder: {
        width: countIn(config, ["hidden_size"], 768),
        entry: {
          kind: "audio",
          input: "waveform",
          channels: 1,
          convolutions: extractor(config, kind, `${prefix}feature_extractor.conv_layers`),
          ...(flagIn(config, "feat_proj_layer_norm", true)
            ? { norm: layerNormAt(`${prefix}feature_projection.layer_norm`, epsOf(config)) }
            : {}),
          projection: linearAt(`${prefix}${projected}`),
          positionConvolutions: positions(config, kind, has, `${prefix}encoder.pos_conv_embed`),
        },
        recenter: false,
        ...(stable ? { residual: preLn, final: norm } : { residual: postLn, entryNorm: norm }),
        blocks: layersOf(
          countIn(config, ["num_hidden_layers"], 12),
          has,
          (index) => block(config, kind, `${prefix}encoder.layers`, index),
        ),
      },
    },
    heads: has(lm.linear.weight) ? [lm] : [],
    unread: unread(prefix).filter(has),
  };
}

const kinds: readonly Kind[] = [
  { id: "wav2vec2", label: "wav2vec 2.0", prefix: "wav2vec2" },
  { id: "hubert", label: "HuBERT", prefix: "hubert" },
  { id: "wavlm", label: "WavLM", prefix: "wavlm", isWavLM: true },
  { id: "unispeech", label: "UniSpeech", prefix: "unispeech" },
  { id: "unispeech-sat", label: "UniSpeech-SAT", prefix: "unispeech_sat" },
  {
    id: "data2vec-audio",
    label: "data2vec of sounds",
    prefix: "data2vec_audio",
    isData2Vec: true,
  },
];

/** wav2vec 2.0, HuBERT, WavLM, UniSpeech, UniSpeech-SAT, and data2vec of sounds. */
export const waveformFamilies: readonly Family[] = kinds.map((kind) => ({
  id: kind.id,
  label: kind.label,
  describe: (config, has) => describe(kind, config, has),
  heads: kind.id === "wav2vec2"
    ? [{ path: "project_hid", reads: "all", output: "projected_states" }]
    : [],
  untie: (config) => config,
}));
