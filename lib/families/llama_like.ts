// What decoders in the manner of Llama have in common: rotary positions, grouped attention, a gated network. Their families say where
// they differ.

import type {
  ActivationName,
  Attention,
  Block,
  Branch,
  FeedForward,
  Head,
  ModelSpec,
  NormSpec,
} from "../model/spec.ts";
import type { NormPlace, Residual } from "../residual/types.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  branch,
  languageModel,
  layersOf,
  linearAt,
  prefixOf,
  projectionsAt,
  rmsNormAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./spec_parts.ts";
import { rotaryIn } from "./rotary.ts";
import {
  activationIn,
  countIn,
  epsIn,
  flagIn,
  headsIn,
  numberIn,
  positiveIn,
  unknownSetting,
} from "./settings.ts";

/** The last words of the paths of a layer's norms, by where they stand. */
type LayerNorms = Readonly<
  Record<"attention" | "feedForward", Readonly<Partial<Record<NormPlace, string>>>>
>;

/** Where a layer stands. */
export interface Place {
  /** The path of its attention. */
  readonly path: string;
  /** Its number. */
  readonly index: number;
  /** The width K of queries, keys and values. */
  readonly headWidth: number;
}

/** In what families of this manner differ. */
export interface Manner {
  readonly id: string;
  readonly label: string;
  /** How sub-layers join the stream; Pre-LN when absent. */
  residual?(config: Config): Residual;
  /** The norm under a path; of OLMo-1 the path does not matter. */
  norm(config: Config, path: string): NormSpec;
  /** Where the norms of a layer stand, by the last word of their paths; Llama's when absent. */
  readonly norms?: LayerNorms;
  /** Whether branches read the stream together, behind one norm. */
  parallel?(config: Config): boolean;
  /** What queries and keys have norms of: each head, or all heads side by side. */
  readonly queryNorms?: "headNorms" | "projectionNorms";
  /** What else attention has, or has otherwise. */
  attention?(config: Config, place: Place): Partial<Attention>;
  /** The network of a layer under its path; Llama's when absent. */
  network?(config: Config, path: string, index: number): Branch["sublayer"];
  /** The last word of the final norm's path; `norm` when absent. */
  readonly final?: string;
  /** Whether the heads of a layer turn; all do when absent. */
  turns?(config: Config, index: number): boolean;
  /** What the head has besides its matrix. */
  head?(config: Config): Partial<Head>;
  /** The share of a head that turns, where the configuration does not say; its word of it counts only where this is given. */
  readonly rotaryShare?: number;
  /** The base of rotary positions, where the configuration does not say. */
  readonly rotaryBase?: number;
  /** Multiplies the token embeddings. */
  scale?(config: Config): number;
  /** Whether the head is the token table, where the configuration does not say. */
  readonly tied: boolean;
  /** What its stack is called; `decoder` when absent. */
  readonly stack?: "encoder";
  /** The width of a head where the configuration does not say; hidden_size / heads when absent. */
  readonly headWidth?: number;
  /** The activation by the configuration's word; Gemma's "gelu" was always the approximate one. */
  activation?(config: Config): ActivationName;
  /** How many keys back a layer sees. */
  window?(config: Config, index: number): number | undefined;
}

/** The width of a head: the configuration's, or where it has no word of it the family's; null means hidden_size / heads. */
function headWidthOf({ headWidth }: Manner, config: Config): number {
  const { head_dim: own = headWidth ?? null } = config;
  if (own !== null) return countIn({ head_dim: own }, ["head_dim"]);
  const width = countIn(config, ["hidden_size"]);
  return width / headsIn(config, ["num_attention_heads"], width);
}

function attention(manner: Manner, config: Config, path: string, index: number): Attention {
  const heads = countIn(config, ["num_attention_heads"]);
  const headWidth = headWidthOf(manner, config);
  const window = manner.window?.(config, index);
  const clip = config["clip_qkv"] ?? undefined;
  const { queryNorms } = manner;
  const rotary = rotaryIn(config, headWidth, {
    standardShare: manner.rotaryShare ?? "whole",
    standardBase: manner.rotaryBase ?? 10000,
  });
  return {
    kind: "attention",
    projections: projectionsAt(path),
    output: { linear: linearAt(`${path}.o_proj`) },
    heads,
    keyValueHeads: countIn(config, ["num_key_value_heads"], heads),
    headWidth,
    scale: headWidth ** -0.5,
    causal: true,
    ...(manner.turns?.(config, index) === false ? {} : { rotary }),
    ...(window === undefined ? {} : { window }),
    ...(clip === undefined ? {} : { clip: positiveIn(config, ["clip_qkv"]) }),
    ...(queryNorms === undefined ? {} : {
      [queryNorms]: {
        q: manner.norm(config, `${path}.q_norm`),
        k: manner.norm(config, `${path}.k_norm`),
      },
    }),
    ...manner.attention?.(config, { path, index, headWidth }),
  };
}

/** Llama's: a norm before each sub-layer, the second named after what it follows. */
const standardNorms: LayerNorms = {
  attention: { input: "input_layernorm" },
  feedForward: { input: "post_attention_layernorm" },
};

/** A network with a gate under a path, by Llama's words. */
export function gatedAt(
  config: Config,
  path: string,
  activation: ActivationName = activationIn(config, ["hidden_act"], "silu"),
): FeedForward {
  return {
    kind: "feedForward",
    up: linearAt(`${path}.up_proj`),
    gate: linearAt(`${path}.gate_proj`),
    output: { linear: linearAt(`${path}.down_proj`) },
    activation,
  };
}

function block(manner: Manner, config: Config, path: string, index: number): Block {
  const parallel = manner.parallel?.(config) ?? false;
  const normsOf = (role: keyof LayerNorms): Branch["norms"] => {
    const places = Object.entries((manner.norms ?? standardNorms)[parallel ? "attention" : role]);
    return Object.fromEntries(
      places.map(([place, word]) => [place, manner.norm(config, `${path}.${word}`)]),
    );
  };
  const network = manner.network?.(config, path, index) ??
    gatedAt(config, `${path}.mlp`, manner.activation?.(config));
  return {
    parallel,
    branches: [
      branch(normsOf("attention"), attention(manner, config, `${path}.self_attn`, index)),
      branch(normsOf("feedForward"), network),
    ],
  };
}

function describe(
  manner: Manner,
  config: Config,
  has: Has,
): ModelSpec {
  if (config["use_bidirectional_attention"] === true) {
    throw unknownSetting("use_bidirectional_attention", true, "only causal decoders are described");
  }
  const prefix = prefixOf(has, "embed_tokens.weight", ["model.", "transformer.", ""]);
  const table = `${prefix}embed_tokens.weight`;
  const scale = manner.scale?.(config) ?? 1;
  const spec = languageModel(config, {
    table,
    ...(manner.residual === undefined ? {} : { residual: manner.residual(config) }),
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(table, { scale }),
    blocks: layersOf(
      countIn(config, ["num_hidden_layers"]),
      has,
      (index) => block(manner, config, `${prefix}layers.${index}`, index),
    ),
    final: manner.norm(config, `${prefix}${manner.final ?? "norm"}`),
    head: { tied: manner.tied, ...(manner.stack === undefined ? {} : { stack: manner.stack }) },
  });
  return { ...spec, heads: spec.heads.map((head) => ({ ...head, ...manner.head?.(config) })) };
}

/**
 * A family in the manner of Llama.
 *
 * @param manner In what it differs.
 * @returns The family.
 */
export function llamaLike(manner: Manner): Family {
  return {
    id: manner.id,
    label: manner.label,
    describe: (config, has) => describe(manner, config, has),
    untie: untieWordEmbeddings,
  };
}

/** An RMSNorm under a path, with an ε where none is written. */
export const rmsOf = (standard: number) => (config: Config, path: string): NormSpec =>
  rmsNormAt(path, epsIn(config, ["rms_norm_eps"], standard));

/** An RMSNorm under a path. */
export const rms = rmsOf(1e-6);

/** A window that the whole model has, unless a list says which layers; 4096 where nothing is written, none where null is. */
export function window(config: Config, index: number): number | undefined {
  const kinds = config["layer_types"] as readonly string[] | undefined | null;
  const size = config["sliding_window"] === undefined ? 4096 : config["sliding_window"];
  if (typeof size !== "number" || config["use_sliding_window"] === false) return undefined;
  return kinds == null || kinds[index] === "sliding_attention" ? size : undefined;
}

/** A window of the layers that a list names, or without one of all but every so many. */
export function windowBut(
  every: (config: Config) => number,
): (config: Config, index: number) => number | undefined {
  return (config, index) => {
    const isFull = !Array.isArray(config["layer_types"]) && (index + 1) % every(config) === 0;
    return isFull ? undefined : window(config, index);
  };
}

/** Every how many layers there is one without a window, by the keys that versions gave it. */
export const patternIn = (standard: number) => (config: Config): number =>
  countIn(config, ["sliding_window_pattern", "_sliding_window_pattern"], standard);

/** A window that the whole model has where a number is written. */
export function windowIfNamed(config: Config, index: number): number | undefined {
  return config["sliding_window"] == null ? undefined : window(config, index);
}

/** Qwen has a window in its configuration that it uses only when told to, and where no list says in which layers, in the upper ones. */
export function windowIfAsked(config: Config, index: number): number | undefined {
  if (!flagIn(config, "use_sliding_window", false)) return undefined;
  const isListed = Array.isArray(config["layer_types"]);
  const first = isListed ? 0 : numberIn(config, ["max_window_layers"], 28);
  return index < first ? undefined : window(config, index);
}
