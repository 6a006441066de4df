// Llama and the families with RMSNorms that differ from it in little.

import type { Attention, FeedForward } from "../model/spec.ts";
import { sandwichLn, scaledPreLn } from "../residual/variants.ts";
import type { Config, Family } from "./family.ts";
import {
  llamaLike,
  type Manner,
  type Place,
  rms,
  rmsOf,
  window,
  windowIfAsked,
  windowIfNamed,
} from "./llama_like.ts";
import { rotaryIn } from "./rotary.ts";
import { linearAt } from "./spec_parts.ts";
import { activationIn, countIn, positiveIn, unknownSetting } from "./settings.ts";

/** Llama, whose checkpoints every engine with RMSNorm loads. */
export const llama: Family = llamaLike({
  id: "llama",
  label: "Llama",
  norm: rms,
  tied: false,
});

/** Mistral: Llama with a sliding window in every layer. */
export const mistral: Family = llamaLike({
  id: "mistral",
  label: "Mistral",
  norm: rms,
  tied: false,
  window,
});

/** Qwen2: Llama with biases in queries, keys and values. */
export const qwen2: Family = llamaLike({
  id: "qwen2",
  label: "Qwen2",
  norm: rms,
  tied: false,
  window: windowIfAsked,
});

/** Qwen3: Llama with RMSNorms of each query head and key head. */
export const qwen3: Family = llamaLike({
  id: "qwen3",
  label: "Qwen3",
  norm: rms,
  tied: false,
  queryNorms: "headNorms",
  headWidth: 128,
  window: windowIfAsked,
});

/** Seed-OSS: Llama with biases in queries, keys and values. */
export const seedOss: Family = llamaLike({
  id: "seed_oss",
  label: "Seed-OSS",
  norm: rms,
  tied: false,
  headWidth: 128,
});

/** EuroBERT: Llama whose tokens see all others, with a map before its classifier. */
export const euroBert: Family = {
  ...llamaLike({
    id: "eurobert",
    label: "EuroBERT",
    norm: rmsOf(1e-5),
    tied: false,
    stack: "encoder",
    attention: () => ({ causal: false }),
  }),
  heads: [{
    path: "classifier",
    before: { path: "dense", activation: "gelu" },
    reads: ({ classifier_pooling: pooling = "late" }) => {
      const known = { bos: "first", mean: "mean", late: "late" } as const;
      if (pooling === "bos" || pooling === "mean" || pooling === "late") return known[pooling];
      throw unknownSetting("classifier_pooling", pooling, "it must be bos, mean or late");
    },
  }],
};

/** SmolLM3: no positions in every fourth layer. */
export const smollm3: Family = llamaLike({
  id: "smollm3",
  label: "SmolLM3",
  norm: rms,
  tied: true,
  rotaryBase: 2e6,
  turns: (config, index) => {
    const listed = config["no_rope_layers"]; // 1 where heads turn
    if (Array.isArray(listed)) return listed[index] !== 0;
    return (index + 1) % countIn(config, ["no_rope_layer_interval"], 4) !== 0;
  },
  window: windowIfAsked,
});

/** A network whose first matrix holds its gate. */
const gateInside = (config: Config, path: string): FeedForward => ({
  kind: "feedForward",
  up: linearAt(`${path}.mlp.gate_up_proj`),
  holdsGate: true,
  output: { linear: linearAt(`${path}.mlp.down_proj`) },
  activation: activationIn(config, ["hidden_act"], "silu"),
});

/** Phi-3 and Phi-4: one matrix for queries, keys and values, one for the network's gate and input. */
export const phi3: Family = llamaLike({
  id: "phi3",
  label: "Phi-3",
  norm: rmsOf(1e-5),
  tied: false,
  rotaryShare: 1,
  attention: (_, { path }) => ({
    projections: { qkv: linearAt(`${path}.qkv_proj`), order: "blocks" },
  }),
  network: gateInside,
  window: windowIfNamed,
});

/** Rotary positions that turn neighbors. */
const neighbors =
  (share: number | "whole") => (config: Config, { headWidth }: Place): Partial<Attention> => ({
    rotary: { ...rotaryIn(config, headWidth, { standardShare: share }), order: "pairs" },
  });

/** What GLM-4 has: half of each head turns, neighbors together. */
const glmLike: Omit<Manner, "id" | "label"> = {
  norm: rmsOf(1.5625e-7),
  tied: false,
  headWidth: 128,
  attention: neighbors(0.5),
  network: gateInside,
};

/** GLM-4. */
export const glm: Family = llamaLike({ id: "glm", label: "GLM-4", ...glmLike });

/** GLM-4 of April 2025: norms on both sides of its branches. */
export const glm4: Family = llamaLike({
  id: "glm4",
  label: "GLM-4 0414",
  ...glmLike,
  residual: () => sandwichLn,
  norms: {
    attention: { input: "input_layernorm", output: "post_self_attn_layernorm" },
    feedForward: { input: "post_attention_layernorm", output: "post_mlp_layernorm" },
  },
});

/** Helium: neighbors turn together. */
export const helium: Family = llamaLike({
  id: "helium",
  label: "Helium",
  norm: rmsOf(1e-8),
  tied: false,
  headWidth: 128,
  attention: neighbors("whole"),
});

/** Granite: embeddings, branches, scores and logits are multiplied by numbers of the configuration. */
export const granite: Family = {
  ...llamaLike({
    id: "granite",
    label: "Granite",
    norm: rms,
    tied: false,
    residual: (config) => scaledPreLn(positiveIn(config, ["residual_multiplier"], 1)),
    scale: (config) => positiveIn(config, ["embedding_multiplier"], 1),
    attention: (config) => ({ scale: positiveIn(config, ["attention_multiplier"], 1) }),
    head: (config) => ({ scale: 1 / positiveIn(config, ["logits_scaling"], 1) }),
  }),
  folded: (config) => ({ ...config, residual_multiplier: 1 }),
};
