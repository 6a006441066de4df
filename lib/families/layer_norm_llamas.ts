// Decoders in the manner of Llama with LayerNorms, most of them with networks without gates.

import type { ActivationName, Attention, FeedForward, NormSpec } from "../model/spec.ts";
import type { Config, Family } from "./family.ts";
import {
  llamaLike,
  type Manner,
  patternIn,
  type Place,
  windowBut,
  windowIfNamed,
} from "./llama_like.ts";
import { rotaryIn } from "./rotary.ts";
import { layerNormAt, linearAt, networkOf } from "./spec_parts.ts";
import { activationIn, countIn, epsIn, flagIn, headsIn, positiveIn } from "./settings.ts";

const norm = (config: Config, path: string): NormSpec =>
  layerNormAt(path, epsIn(config, ["layer_norm_eps"], 1e-5));

/** A LayerNorm without a bias. */
const unbiased = (config: Config, path: string): NormSpec => ({ ...norm(config, path), bias: "" });

/** A network of two matrices by the ends of their paths. */
const ungated =
  (up: string, down: string, standard: ActivationName) =>
  (config: Config, path: string): FeedForward =>
    networkOf({
      up: linearAt(`${path}.mlp.${up}`),
      output: linearAt(`${path}.mlp.${down}`),
      activation: activationIn(config, ["hidden_act"], standard),
    });

/** Norms of each head's query and key, one for all heads, where the flag says so. */
function headNorms(config: Config, { path }: Place, standard: boolean): Partial<Attention> {
  if (!flagIn(config, "qk_layernorm", standard)) return {};
  const [q, k] = ["q", "k"].map((which) => norm(config, `${path}.${which}_layernorm`));
  return { headNorms: { q: q!, k: k! } };
}

/** A norm of heads whose gains stand elsewhere. */
const bare = (config: Config): NormSpec => ({ ...norm(config, ""), gain: "", bias: "" });

/** StarCoder2. */
export const starcoder2: Family = llamaLike({
  id: "starcoder2",
  label: "StarCoder2",
  norm: (config, path) => layerNormAt(path, epsIn(config, ["norm_epsilon"], 1e-5)),
  tied: true,
  network: ungated("c_fc", "c_proj", "gelu_new"),
  window: windowIfNamed,
});

/** Nemotron and Minitron: norms that multiply by 1 + gain. */
export const nemotron: Family = llamaLike({
  id: "nemotron",
  label: "Nemotron",
  norm: (config, path) => ({
    ...layerNormAt(path, epsIn(config, ["norm_eps"], 1e-5)),
    kind: "layer-offset",
  }),
  tied: false,
  rotaryShare: 0.5,
  network: ungated("up_proj", "down_proj", "relu2"),
});

/** Jais 2. */
export const jais2: Family = llamaLike({
  id: "jais2",
  label: "Jais 2",
  norm,
  tied: false,
  network: ungated("up_proj", "down_proj", "relu2"),
});

/** Phi-1, Phi-1.5 and Phi-2: parallel branches that share a norm. */
export const phi: Family = llamaLike({
  id: "phi",
  label: "Phi",
  norm,
  final: "final_layernorm",
  parallel: () => true,
  tied: false,
  rotaryShare: 0.5,
  attention: (config, place) => ({
    output: { linear: linearAt(`${place.path}.dense`) },
    ...headNorms(config, place, false),
  }),
  network: ungated("fc1", "fc2", "gelu_new"),
});

/** Persimmon: queries, keys and values in one matrix, by heads, with a norm of each head's query and key. */
export const persimmon: Family = llamaLike({
  id: "persimmon",
  label: "Persimmon",
  norm,
  final: "final_layernorm",
  tied: false,
  rotaryShare: 0.5,
  attention: (config, place) => ({
    projections: { qkv: linearAt(`${place.path}.query_key_value`), order: "heads" },
    output: { linear: linearAt(`${place.path}.dense`) },
    ...headNorms(config, place, true),
  }),
  network: ungated("dense_h_to_4h", "dense_4h_to_h", "relu2"),
});

/** StableLM: a quarter of each head turns, parallel blocks in some sizes, a norm for each head in others. */
export const stablelm: Family = llamaLike({
  id: "stablelm",
  label: "StableLM",
  norm,
  parallel: (config) => flagIn(config, "use_parallel_residual", false),
  tied: false,
  rotaryShare: 0.25,
  attention: (config, { path }) => {
    if (!flagIn(config, "qk_layernorm", false)) return {};
    const heads = headsIn(config, ["num_attention_heads"], countIn(config, ["hidden_size"]));
    const shared = { ...config, num_key_value_heads: config["num_key_value_heads"] ?? heads };
    const names = (which: "q" | "k", count: number): string[] =>
      Array.from({ length: count }, (_, at) => `${path}.${which}_layernorm.norms.${at}.weight`);
    return {
      headNorms: { q: bare(config), k: bare(config) },
      headGains: {
        q: names("q", heads),
        k: names("k", headsIn(shared, ["num_key_value_heads"], heads)),
      },
    };
  },
});

/** What Cohere's models have: parallel branches behind one norm, positions that turn neighbors, scaled logits. */
const command: Omit<Manner, "id" | "label"> = {
  norm: unbiased,
  parallel: () => true,
  tied: true,
  attention: (config, { headWidth }) => ({
    rotary: { ...rotaryIn(config, headWidth, { standardShare: "whole" }), order: "pairs" },
  }),
  head: (config) => ({ scale: positiveIn(config, ["logit_scale"], 0.0625) }),
};

/** Cohere's Command R; the largest has norms of queries and keys whose gains are of each head's own. */
export const cohere: Family = llamaLike({
  id: "cohere",
  label: "Cohere",
  ...command,
  attention: (config, place) => ({
    ...command.attention!(config, place),
    ...(flagIn(config, "use_qk_norm", false)
      ? {
        headNorms: { q: bare(config), k: bare(config) },
        headGains: { q: [`${place.path}.q_norm.weight`], k: [`${place.path}.k_norm.weight`] },
      }
      : {}),
  }),
});

/** A window in all layers of Cohere 2 but every fourth. */
const cohereWindow = windowBut(patternIn(4));

/** Cohere 2, Command A: layers without a window have no positions. */
export const cohere2: Family = llamaLike({
  id: "cohere2",
  label: "Cohere 2",
  ...command,
  attention: (config, place) =>
    cohereWindow(config, place.index) === undefined ? {} : command.attention!(config, place),
  turns: (config, index) => cohereWindow(config, index) !== undefined,
  window: cohereWindow,
});
