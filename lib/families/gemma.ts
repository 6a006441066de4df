// Gemma: RMSNorms that multiply by 1 + gain, and embeddings that are scaled. Gemma 2 and 3 have norms on both sides of their branches
// (Sandwich-LN), and see only so many keys back in most layers.

import type { Attention, Head, NormSpec } from "../model/spec.ts";
import { sandwichLn } from "../residual/variants.ts";
import type { Config, Family } from "./family.ts";
import { llamaLike, type Manner, patternIn, type Place, rms, windowBut } from "./llama_like.ts";
import { rotaryOfKind } from "./rotary.ts";
import { activationIn, countIn, positiveIn } from "./settings.ts";

/** What all of them have. */
const shared = {
  norm: (config: Config, path: string): NormSpec => ({ ...rms(config, path), kind: "rms-offset" }),
  tied: true,
  headWidth: 256,
  scale: (config: Config): number => Math.sqrt(countIn(config, ["hidden_size"])),
} as const;

/** Gemma 1; its "gelu" was always the approximate one. */
export const gemma: Family = llamaLike({
  id: "gemma",
  label: "Gemma",
  ...shared,
  activation: (config) => {
    const named = activationIn(config, ["hidden_act"], "gelu_new");
    return named === "gelu" ? "gelu_new" : named;
  },
});

/** What Gemma 2 and 3 have. */
const both: Omit<Manner, "id" | "label"> = {
  ...shared,
  residual: () => sandwichLn,
  norms: {
    attention: { input: "input_layernorm", output: "post_attention_layernorm" },
    feedForward: { input: "pre_feedforward_layernorm", output: "post_feedforward_layernorm" },
  },
  activation: (config) => activationIn(config, ["hidden_activation"], "gelu_new"),
};

/** Scores are divided by the root of a number of its own. */
const queryScale = (config: Config): number =>
  positiveIn(config, ["query_pre_attn_scalar"], 256) ** -0.5;

/** A limit that outputs are bent to; null is none. */
function softcap(config: Config, key: string, standard?: number): { readonly softcap?: number } {
  const value = config[key] === undefined ? standard : config[key];
  return value === undefined || value === null
    ? {}
    : { softcap: positiveIn({ [key]: value }, [key]) };
}

/** Gemma 2: every other layer has a window. */
export const gemma2: Family = llamaLike({
  id: "gemma2",
  label: "Gemma 2",
  ...both,
  attention: (config) => ({
    scale: queryScale(config),
    ...softcap(config, "attn_logit_softcapping", 50),
  }),
  window: windowBut(() => 2),
  head: (config): Partial<Head> => softcap(config, "final_logit_softcapping", 30),
});

/** A window in all layers of Gemma 3 but every sixth. */
const window3 = windowBut(patternIn(6));

/** Local layers turn with a base of their own. */
function attention3(config: Config, { index, headWidth }: Place): Partial<Attention> {
  const rotary = window3(config, index) === undefined
    ? rotaryOfKind(config, headWidth, "full_attention", ["rope_theta", 1e6])
    : rotaryOfKind(config, headWidth, "sliding_attention", ["rope_local_base_freq", 1e4]);
  return { scale: queryScale(config), rotary };
}

/** Gemma 3, the models of text alone: all but every sixth layer have a window, and each head's query and key has a norm. */
export const gemma3: Family = llamaLike({
  id: "gemma3_text",
  label: "Gemma 3",
  ...both,
  queryNorms: "headNorms",
  attention: attention3,
  window: window3,
  head: (config): Partial<Head> => softcap(config, "final_logit_softcapping"),
});
