// Decoders in the manner of Llama whose networks are mixtures of experts.

import type { Experts, FeedForward, Routing } from "../model/spec.ts";
import type { Config, Family } from "./family.ts";
import {
  gatedAt,
  llamaLike,
  rms,
  rmsOf,
  window,
  windowIfAsked,
  windowIfNamed,
} from "./llama_like.ts";
import { rotaryIn, rotaryParametersOf } from "./rotary.ts";
import { activationIn, countIn, epsIn, flagIn, positiveIn, unknownSetting } from "./settings.ts";
import { layerNormAt, linearAt } from "./spec_parts.ts";

/** More experts than any model has, so that their names fit into memory whatever a file says. */
const mostExperts = 2 ** 12;

/** A mixture under a path, of networks that are made of theirs. */
function mixtureAt(
  config: Config,
  path: string,
  { keys, standard, ...routing }: Routing & {
    readonly keys: readonly [string, ...string[]];
    readonly standard: number;
  },
  networkAt: (path: string) => FeedForward,
): Experts {
  const count = countIn(config, keys, standard);
  if (count > mostExperts || routing.top > count) {
    throw unknownSetting(keys[0], count, `it must be ${routing.top} … ${mostExperts}`);
  }
  return {
    kind: "experts",
    router: linearAt(`${path}.gate`),
    ...routing,
    experts: Array.from({ length: count }, (_, at) => networkAt(`${path}.experts.${at}`)),
  };
}

/** Mixtral's mixture, whose networks have matrices by numbers. */
function numbered(
  config: Config,
  layer: string,
  routing: Routing & { readonly standard: number },
): Experts {
  const activation = activationIn(config, ["hidden_act"], "silu");
  const options = { keys: ["num_local_experts"], ...routing } as const;
  return mixtureAt(config, `${layer}.block_sparse_moe`, options, (path) => ({
    kind: "feedForward",
    up: linearAt(`${path}.w3`),
    gate: linearAt(`${path}.w1`),
    output: { linear: linearAt(`${path}.w2`) },
    activation,
  }));
}

/** Mixtral: networks whose weights are the softmax among the chosen. */
export const mixtral: Family = llamaLike({
  id: "mixtral",
  label: "Mixtral",
  norm: rmsOf(1e-5),
  tied: false,
  rotaryBase: 1e6,
  window: windowIfNamed,
  network: (config, layer) =>
    numbered(config, layer, { top: countIn(config, ["num_experts_per_tok"], 2), standard: 8 }),
});

/** Phi-MoE: LayerNorms, and two networks that SparseMixer chooses, whatever the configuration says. */
export const phimoe: Family = llamaLike({
  id: "phimoe",
  label: "Phi-MoE",
  norm: (config, path) => layerNormAt(path, epsIn(config, ["rms_norm_eps"], 1e-5)),
  tied: false,
  rotaryBase: 1e6,
  window: windowIfNamed,
  attention: (config, { headWidth }) => {
    const { rope_type, short_mscale, long_mscale } = rotaryParametersOf(config);
    if (rope_type === "default") return {};
    if (long_mscale !== short_mscale) {
      throw unknownSetting("long_mscale", long_mscale, "it must be short_mscale");
    }
    const rotary = rotaryIn(config, headWidth, { standardShare: "whole", standardBase: 1e6 });
    return { rotary: { ...rotary, scale: positiveIn({ short_mscale }, ["short_mscale"]) } };
  },
  network: (config, layer) =>
    numbered(config, layer, {
      top: 2,
      among: positiveIn(config, ["router_jitter_noise"], 0.01),
      standard: 16,
    }),
});

/** How Qwen's and OLMoE's mixtures weigh. */
function routingOf(config: Config, standardTop: number): Routing {
  const top = countIn(config, ["num_experts_per_tok"], standardTop);
  return flagIn(config, "norm_topk_prob", false) ? { top } : { top, among: "all" };
}

/** Whether a layer of Qwen's has a mixture. */
function isMixed(config: Config, index: number): boolean {
  const plain = config["mlp_only_layers"];
  return !(Array.isArray(plain) && plain.includes(index)) &&
    (index + 1) % countIn(config, ["decoder_sparse_step"], 1) === 0;
}

/** Qwen's mixture, where a layer has one. */
function mixed(
  config: Config,
  path: string,
  index: number,
  options: { readonly top: number; readonly standard: number },
): FeedForward | Experts {
  if (!isMixed(config, index)) return gatedAt(config, path);
  const { top, standard } = options;
  const routing = {
    ...routingOf(config, top),
    keys: ["num_experts", "num_local_experts"],
    standard,
  } as const;
  return mixtureAt(config, path, routing, (expert) => gatedAt(config, expert));
}

/** Qwen2-MoE: a mixture with a network that all rows have. */
export const qwen2Moe: Family = llamaLike({
  id: "qwen2_moe",
  label: "Qwen2 MoE",
  norm: rms,
  tied: false,
  window: windowIfAsked,
  network: (config, layer, index) => {
    const path = `${layer}.mlp`;
    const network = mixed(config, path, index, { top: 4, standard: 60 });
    if (network.kind === "feedForward") return network;
    const shared = {
      network: gatedAt(config, `${path}.shared_expert`),
      gate: linearAt(`${path}.shared_expert_gate`),
    };
    return { ...network, shared };
  },
});

/** Qwen3-MoE: norms of each head's query and key. */
export const qwen3Moe: Family = llamaLike({
  id: "qwen3_moe",
  label: "Qwen3 MoE",
  norm: rms,
  tied: false,
  queryNorms: "headNorms",
  window: (config, index) =>
    flagIn(config, "use_sliding_window", false) ? window(config, index) : undefined,
  network: (config, layer, index) =>
    mixed(config, `${layer}.mlp`, index, { top: 8, standard: 128 }),
});

/** OLMoE: norms of all queries and of all keys. */
export const olmoe: Family = llamaLike({
  id: "olmoe",
  label: "OLMoE",
  norm: rmsOf(1e-5),
  tied: false,
  queryNorms: "projectionNorms",
  network: (config, layer) => mixed(config, `${layer}.mlp`, 0, { top: 8, standard: 64 }),
});
