// Decoders in the manner of Llama: rotary positions, grouped attention, a gated network. Llama, Mistral, Qwen and Gemma have RMSNorms;
// OLMo-1 has LayerNorms without parameters, StableLM has LayerNorms.

import type {
  ActivationName,
  Attention,
  Block,
  Branch,
  ModelSpec,
  NormSpec,
} from "../model/spec.ts";
import type { Config, Family, Has } from "./family.ts";
import {
  branch,
  languageModel,
  layerNormAt,
  layersOf,
  linearAt,
  prefixOf,
  projectionsAt,
  rmsNormAt,
  tokenEntry,
  untieWordEmbeddings,
} from "./parts.ts";
import {
  activationIn,
  countIn,
  flagIn,
  numberIn,
  positiveIn,
  rotaryIn,
  unknownSetting,
} from "./settings.ts";

/** In what families of this manner differ. */
interface Manner {
  readonly id: string;
  readonly label: string;
  /** The norm under a path; of OLMo-1 the path does not matter. */
  norm(config: Config, path: string): NormSpec;
  /** Whether queries and keys have norms of their own. */
  readonly headNorms?: boolean;
  /** The share of a head that turns, where the configuration does not say. */
  readonly rotaryShare?: number;
  /** Multiplies the token embeddings. */
  scale?(config: Config): number;
  /** Whether the head is the token table, where the configuration does not say. */
  readonly tied: boolean;
  /** The width of a head where the configuration does not say; hidden_size / heads when absent. */
  readonly headWidth?: number;
  /** The activation by the configuration's word; Gemma's "gelu" was always the approximate one. */
  activation?(config: Config): ActivationName;
  /** How many keys back a layer sees. */
  window?(config: Config, index: number): number | undefined;
}

/** The width of a head where the configuration has no word of it; null means hidden_size / heads. */
function widthIfAbsent({ headWidth }: Manner, config: Config): number | undefined {
  return config["head_dim"] === undefined ? headWidth : undefined;
}

function attention(manner: Manner, config: Config, path: string, index: number): Attention {
  const heads = countIn(config, ["num_attention_heads"]);
  const headWidth = countIn(
    config,
    ["head_dim"],
    widthIfAbsent(manner, config) ?? countIn(config, ["hidden_size"]) / heads,
  );
  const window = manner.window?.(config, index);
  const clip = config["clip_qkv"] ?? undefined;
  const headNorm = (name: string): NormSpec =>
    rmsNormAt(`${path}.${name}`, numberIn(config, ["rms_norm_eps"], 1e-6));
  return {
    kind: "attention",
    projections: projectionsAt(`${path}`),
    output: { linear: linearAt(`${path}.o_proj`) },
    heads,
    keyValueHeads: countIn(config, ["num_key_value_heads"], heads),
    headWidth,
    scale: headWidth ** -0.5,
    causal: true,
    rotary: rotaryIn(config, headWidth, { standardShare: manner.rotaryShare ?? 1 }),
    ...(window === undefined ? {} : { window }),
    ...(clip === undefined ? {} : { clip: positiveIn(config, ["clip_qkv"]) }),
    ...(manner.headNorms === true
      ? { headNorms: { q: headNorm("q_norm"), k: headNorm("k_norm") } }
      : {}),
  };
}

function block(manner: Manner, config: Config, path: string, index: number): Block {
  const parallel = flagIn(config, "use_parallel_residual", false);
  const first = manner.norm(config, `${path}.input_layernorm`);
  const second = parallel ? first : manner.norm(config, `${path}.post_attention_layernorm`);
  const network: Branch["sublayer"] = {
    kind: "feedForward",
    up: linearAt(`${path}.mlp.up_proj`),
    gate: linearAt(`${path}.mlp.gate_proj`),
    output: { linear: linearAt(`${path}.mlp.down_proj`) },
    activation: manner.activation?.(config) ?? activationIn(config, ["hidden_act"], "silu"),
  };
  return {
    parallel,
    branches: [
      branch({ input: first }, attention(manner, config, `${path}.self_attn`, index)),
      branch({ input: second }, network),
    ],
  };
}

function describe(
  manner: Manner,
  config: Config,
  has: Has,
): ModelSpec {
  if (flagIn(config, "qk_layernorm", false)) {
    throw unknownSetting(
      "qk_layernorm",
      true,
      `norms of queries and keys of ${manner.label} are not described`,
    );
  }
  if (config["use_bidirectional_attention"] === true) {
    throw unknownSetting("use_bidirectional_attention", true, "only causal decoders are described");
  }
  const prefix = prefixOf(has, "embed_tokens.weight", ["model.", ""]);
  const table = `${prefix}embed_tokens.weight`;
  const scale = manner.scale?.(config) ?? 1;
  return languageModel(config, {
    table,
    width: countIn(config, ["hidden_size"]),
    entry: tokenEntry(table, { scale }),
    blocks: layersOf(
      countIn(config, ["num_hidden_layers"]),
      has,
      (index) => block(manner, config, `${prefix}layers.${index}`, index),
    ),
    final: manner.norm(config, `${prefix}norm`),
    head: { tied: manner.tied },
  });
}

const rms = (config: Config, path: string): NormSpec =>
  rmsNormAt(path, numberIn(config, ["rms_norm_eps"], 1e-6));

/** A window that the whole model has, unless a list says which layers; 4096 where nothing is written, none where null is. */
function window(config: Config, index: number): number | undefined {
  const kinds = config["layer_types"] as readonly string[] | undefined | null;
  const size = config["sliding_window"] === undefined ? 4096 : config["sliding_window"];
  if (typeof size !== "number" || config["use_sliding_window"] === false) return undefined;
  return kinds == null || kinds[index] === "sliding_attention" ? size : undefined;
}

const manners: readonly Manner[] = [
  { id: "llama", label: "Llama", norm: rms, tied: false },
  { id: "mistral", label: "Mistral", norm: rms, tied: false, window },
  { id: "qwen2", label: "Qwen2", norm: rms, tied: false, window: windowIfAsked },
  {
    id: "qwen3",
    label: "Qwen3",
    norm: rms,
    tied: false,
    headNorms: true,
    headWidth: 128,
    window: windowIfAsked,
  },
  {
    id: "gemma",
    label: "Gemma",
    norm: (config, path) => ({ ...rms(config, path), kind: "rms-offset" }),
    tied: true,
    headWidth: 256,
    scale: (config) => Math.sqrt(countIn(config, ["hidden_size"])),
    activation: (config) => {
      const named = activationIn(config, ["hidden_act"], "gelu_new");
      return named === "gelu" ? "gelu_new" : named;
    },
  },
  {
    id: "olmo",
    label: "OLMo-1",
    norm: () => ({ kind: "layer", eps: 1e-5, gain: "", bias: "" }),
    tied: false,
  },
  {
    id: "stablelm",
    label: "StableLM",
    norm: (config, path) => layerNormAt(path, numberIn(config, ["layer_norm_eps"], 1e-5)),
    tied: false,
    rotaryShare: 0.25,
  },
];

/** Qwen has a window in its configuration that it uses only when told to, and where no list says in which layers, in the upper ones. */
function windowIfAsked(config: Config, index: number): number | undefined {
  if (!flagIn(config, "use_sliding_window", false)) return undefined;
  const isListed = Array.isArray(config["layer_types"]);
  const first = isListed ? 0 : numberIn(config, ["max_window_layers"], 28);
  return index < first ? undefined : window(config, index);
}

/** Llama, Mistral, Qwen2, Qwen3, Gemma, OLMo-1 and StableLM. */
export const llamaLike: readonly Family[] = manners.map((manner) => ({
  id: manner.id,
  label: manner.label,
  describe: (config, has) => describe(manner, config, has),
  untie: untieWordEmbeddings,
}));
