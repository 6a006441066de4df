// Llama and the families that differ from it in little: Mistral, Qwen2 and Qwen3 with RMSNorms, StableLM with LayerNorms.

import type { Config, Family } from "./family.ts";
import { llamaLike, rms, window } from "./llama_like.ts";
import { layerNormAt } from "./spec_parts.ts";
import { epsIn, flagIn, numberIn } from "./settings.ts";

/** Qwen has a window in its configuration that it uses only when told to, and where no list says in which layers, in the upper ones. */
function windowIfAsked(config: Config, index: number): number | undefined {
  if (!flagIn(config, "use_sliding_window", false)) return undefined;
  const isListed = Array.isArray(config["layer_types"]);
  const first = isListed ? 0 : numberIn(config, ["max_window_layers"], 28);
  return index < first ? undefined : window(config, index);
}

/** Llama, whose checkpoints every engine with RMSNorm loads. */
export const llama: Family = llamaLike({ id: "llama", label: "Llama", norm: rms, tied: false });

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

/** StableLM: LayerNorms, a quarter of each head rotated, parallel blocks in some sizes. */
export const stablelm: Family = llamaLike({
  id: "stablelm",
  label: "StableLM",
  norm: (config, path) => layerNormAt(path, epsIn(config, ["layer_norm_eps"], 1e-5)),
  parallel: (config) => flagIn(config, "use_parallel_residual", false),
  tied: false,
  rotaryShare: 0.25,
});
