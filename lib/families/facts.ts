// What published types of models are, whether they are described here or not: their norms, ε, where norms stand, and what surprises.
// ε and the keys were checked against transformers 5.24 (tests/golden/facts.json).

import type { Config } from "./family.ts";
import { partOf } from "./settings.ts";

/** What a published type of models is. */
export interface TypeFacts {
  /** Its name for people. */
  readonly label: string;
  /** The norms of its stream. */
  readonly norm: string;
  /** The key of ε in its configuration, where it has one, and the ε that holds without it. */
  readonly eps: { readonly key?: string; readonly standard: number };
  /** Where norms stand. */
  readonly placement: string;
  /** The norm after the last layer. */
  readonly final: string;
  /** What is done to embeddings before the first layer. */
  readonly entry?: string;
  /** What is easily overlooked. */
  readonly traps?: string;
  /** What a spec has no words for yet, of a type that is not described. */
  readonly lacks?: string;
}

const norms = {
  ln: "LayerNorm with bias",
  lnFree: "LayerNorm without bias",
  lnNone: "LayerNorm without parameters",
  ln1: "LayerNorm with bias that multiplies by 1 + gain",
  rms: "RMSNorm",
  rms1: "RMSNorm that multiplies by 1 + gain",
} as const;

const places = {
  pre: "before branches (Pre-LN)",
  post: "behind the addition (Post-LN)",
  both: "before and behind branches (Sandwich-LN)",
  out: "behind branches (Res-Post-Norm)",
  par1: "before parallel branches, one for both",
  par2: "before parallel branches, one for each",
  sub: "before branches and inside of them (Sub-LN)",
  scaled: "before branches, with LayerScale",
} as const;

type Row = readonly [
  types: string,
  label: string,
  norm: keyof typeof norms,
  eps: number,
  key: string,
  place: keyof typeof places,
  others?: Partial<Pick<TypeFacts, "placement" | "final" | "entry" | "traps" | "lacks">>,
];

const root = "multiplied by √d";
const rootIfAsked = "multiplied by √d where scale_embedding is true";
const normed = "LayerNorm";
const none = { final: "none" };
const perHead = "queries and keys have a norm for each head";
const perHeadBehind = "queries and keys have a norm for each head, behind the rotation";
const latents = "latent queries and keys with norms of their own (multi-head latent attention)";
const streams = "several streams with learned mixing (hyper-connections)";
const states = "states along the sequence in the place of attention";
const someStates = `${states} in some layers`;
const codebooks =
  "several codebooks, whose embeddings are summed and whose heads stand side by side";
const limits = "mixtures of experts with limits on how many tokens each takes";
const table = "layer_norm_eps";
const rms = "rms_norm_eps";
const epsilon = "layer_norm_epsilon";

const rows: readonly Row[] = [
  ["openai-gpt", "GPT-1", "ln", 1e-5, epsilon, "post", none],
  ["gpt2", "GPT-2", "ln", 1e-5, epsilon, "pre", {
    traps: "matrices are stored (in, out); what writes to the stream starts smaller by √(2L)",
  }],
  ["gpt_neo gpt_bigcode", "GPT-Neo, GPTBigCode", "ln", 1e-5, epsilon, "pre"],
  ["imagegpt", "ImageGPT", "rms", 1e-5, epsilon, "pre", {
    traps: "its norm is called LayerNorm and subtracts no mean",
    lacks: "tokens that are colors, with a row more in the table than in the head",
  }],
  ["opt", "OPT", "ln", 1e-5, "", "pre", {
    traps:
      "OPT-350m is Post-LN (do_layer_norm_before false), without a final norm, with narrower embeddings; " +
      "_remove_final_layer_norm removes the final norm of early conversions",
  }],
  ["gptj codegen", "GPT-J, CodeGen", "ln", 1e-5, epsilon, "par1"],
  ["gpt_neox", "GPT-NeoX", "ln", 1e-5, table, "par2", {
    traps: "use_parallel_residual false makes it Pre-LN",
  }],
  ["gpt_neox_japanese", "GPT-NeoX Japanese", "ln", 1e-5, table, "pre", {
    lacks: "a bias that is added together with the stream",
  }],
  ["ctrl", "CTRL", "ln", 1e-6, epsilon, "pre", {
    entry: root,
    lacks: "positions that are computed in an order of their own",
  }],
  ["xglm", "XGLM", "ln", 1e-5, "", "pre", { entry: root, traps: "positions are computed" }],
  ["biogpt", "BioGPT", "ln", 1e-5, "", "pre", {
    entry: root,
    traps: "its layer_norm_eps is never read",
  }],
  ["bloom", "BLOOM", "ln", 1e-5, epsilon, "pre", {
    entry: normed,
    traps: "apply_residual_connection_post_layernorm starts the shortcut behind the norm",
  }],
  ["mpt", "MPT", "lnFree", 1e-5, epsilon, "pre", {
    traps: "transformers reads neither logit_scale nor qk_ln",
  }],
  ["falcon", "Falcon", "ln", 1e-5, epsilon, "par1", {
    traps:
      "the new architecture has two norms before parallel branches; parallel_attn false makes it Pre-LN; transformers rounds " +
      "ALiBi to bfloat16 (--alibi bfloat16)",
  }],
  ["phi", "Phi", "ln", 1e-5, table, "par1", {
    traps: "the head has a bias; qk_layernorm gives queries and keys norms",
  }],
  ["stablelm", "StableLM", "ln", 1e-5, table, "pre", {
    traps:
      "use_parallel_residual makes branches parallel, behind one norm; qk_layernorm gives each head a norm of its own",
  }],
  ["persimmon", "Persimmon", "ln", 1e-5, table, "pre", { traps: perHead }],
  ["starcoder2", "StarCoder2", "ln", 1e-5, "norm_epsilon", "pre"],
  ["jais2", "Jais 2", "ln", 1e-5, table, "pre"],
  ["nemotron", "Nemotron", "ln1", 1e-5, "norm_eps", "pre", {
    traps: "a fresh model starts with gains of 1, that is with 2",
  }],
  ["cohere cohere2", "Cohere", "lnFree", 1e-5, table, "par1", {
    traps:
      "logits are multiplied by logit_scale; use_qk_norm has gains of each head's own; layers of Cohere 2 without a window have " +
      "no positions",
  }],
  ["olmo", "OLMo-1", "lnNone", 1e-5, "", "pre", {
    traps: "clip_qkv cuts queries, keys and values",
  }],
  ["olmo2 olmo3", "OLMo-2, OLMo-3", "rms", 1e-5, rms, "out", {
    traps: "queries and keys have norms over all heads at once",
  }],
  ["exaone4", "EXAONE 4", "rms", 1e-5, rms, "out", { traps: perHead }],
  ["llama mistral qwen2 seed_oss", "Llama, Mistral, Qwen2, Seed-OSS", "rms", 1e-6, rms, "pre", {
    traps: "post_attention_layernorm is the norm before the network",
  }],
  ["smollm3", "SmolLM3", "rms", 1e-6, rms, "pre", {
    traps: "every fourth layer has no positions",
  }],
  ["mixtral", "Mixtral", "rms", 1e-5, rms, "pre", { traps: "networks are mixtures of experts" }],
  ["phimoe", "Phi-MoE", "ln", 1e-5, rms, "pre", {
    traps:
      "its norms are LayerNorms although ε is called rms_norm_eps; SparseMixer chooses two experts, whatever num_experts_per_tok says",
  }],
  ["phi3", "Phi-3", "rms", 1e-5, rms, "pre"],
  ["gpt_oss", "GPT-OSS", "rms", 1e-5, rms, "pre", {
    lacks: "mixtures of experts with clipped gates, and scores of attention sinks",
  }],
  ["kimi_linear", "Kimi Linear", "rms", 1e-5, rms, "pre", {
    lacks: `linear attention with a state, and ${latents}`,
  }],
  ["qwen2_moe", "Qwen2 MoE", "rms", 1e-6, rms, "pre", {
    traps: "one network of each mixture is shared by all tokens, behind a gate",
  }],
  ["qwen3_moe", "Qwen3 MoE", "rms", 1e-6, rms, "pre", { traps: perHead }],
  ["olmoe", "OLMoE", "rms", 1e-5, rms, "pre", {
    traps:
      "queries and keys have norms over all heads at once; weights of experts do not add up to 1 unless norm_topk_prob",
  }],
  ["qwen3", "Qwen3", "rms", 1e-6, rms, "pre", { traps: perHead }],
  ["apertus", "Apertus", "rms", 1e-5, rms, "pre", {
    traps: perHead,
    lacks: "a function of its networks that is learned (xIELU)",
  }],
  ["llama4_text llama4", "Llama 4", "rms", 1e-5, rms, "pre", {
    traps: perHeadBehind,
    lacks: "norms behind the rotation, and mixtures of experts with one that all tokens share",
  }],
  ["gemma", "Gemma", "rms1", 1e-6, rms, "pre", {
    entry: root,
    traps: "the head is the token table",
  }],
  ["gemma2", "Gemma 2", "rms1", 1e-6, rms, "both", {
    entry: root,
    traps:
      "scores are bent to ± 50, logits to ± 30; post_attention_layernorm is the norm behind attention",
  }],
  ["gemma3_text gemma3", "Gemma 3", "rms1", 1e-6, rms, "both", {
    entry: root,
    traps: `${perHead}; post_attention_layernorm is the norm behind attention`,
  }],
  ["gemma3n_text gemma3n", "Gemma 3n", "rms", 1e-6, rms, "both", {
    entry: root,
    traps: "logits are bent to ± 30",
    lacks: "four streams of which one is computed (AltUp), and shortcuts of low rank (LAuReL)",
  }],
  ["glm", "GLM-4", "rms", 1.5625e-7, rms, "pre"],
  ["glm4", "GLM-4 0414", "rms", 1.5625e-7, rms, "both", {
    traps:
      "post_attention_layernorm is the norm before the network; post_self_attn_layernorm and post_mlp_layernorm stand behind " +
      "branches",
  }],
  ["glm4_moe", "GLM-4.5", "rms", 1e-5, rms, "pre", {
    traps: "use_qk_norm gives queries and keys norms",
    lacks: "mixtures of experts with groups and one that all tokens share",
  }],
  ["helium", "Helium", "rms", 1e-8, rms, "pre"],
  ["minicpm3", "MiniCPM 3", "rms", 1e-5, rms, "pre", {
    placement: "before branches (Pre-LN), each branch multiplied by scale_depth / √L",
    entry: "multiplied by scale_emb",
    traps: "the head reads the final norm divided by d / dim_model_base",
    lacks: latents,
  }],
  ["granite", "Granite", "rms", 1e-6, rms, "pre", {
    placement: "before branches (Pre-LN), each branch multiplied by residual_multiplier",
    entry: "multiplied by embedding_multiplier",
    traps: "scores are multiplied by attention_multiplier, logits divided by logits_scaling",
  }],
  ["bitnet", "BitNet", "rms", 1e-5, rms, "sub", {
    traps: "attn_sub_norm and ffn_sub_norm stand before the matrices that write",
    lacks: "weights of three values",
  }],
  ["chameleon", "Chameleon", "rms", 1e-5, rms, "pre", {
    traps: "swin_norm puts norms behind branches; queries and keys have LayerNorms",
    lacks: "images as tokens of a second model",
  }],
  ["nanochat", "nanochat", "rms", 1e-6, rms, "pre", {
    entry: "RMSNorm without parameters",
    traps: `its norms have no parameters; ${perHeadBehind}; logits are bent to ± 15`,
    lacks: "norms behind the rotation",
  }],
  ["hunyuan_v1_dense", "Hunyuan", "rms", 1e-5, rms, "pre", {
    traps: perHeadBehind,
    lacks: "norms behind the rotation",
  }],
  ["deepseek_v3", "DeepSeek-V3", "rms", 1e-6, rms, "pre", {
    lacks: `${latents}, and mixtures of experts with groups`,
  }],
  ["deepseek_v4", "DeepSeek-V4", "rms", 1e-6, rms, "pre", {
    placement: "before branches of four streams (mHC)",
    final: "yes, behind the head of the streams",
    traps: "norms are computed in float32; hc_eps is another ε",
    lacks: streams,
  }],
  ["glm5_next", "GLM-5 Next", "rms", 1e-5, rms, "pre", {
    placement: "before branches of several streams (mHC), read out as their mean",
    lacks: `${streams}, and ${latents}`,
  }],
  ["hy_v4", "HY-V4", "rms", 1e-5, rms, "pre", {
    placement: "before branches of several streams, without mixing of streams",
    lacks: `${streams}, and ${latents}`,
  }],
  ["qwen4_exp", "Qwen4 (experimental)", "rms1", 1e-6, rms, "pre", {
    placement: "before branches of four streams, each with a gate",
    final: "none: the gate of the streams reads them out",
    lacks: streams,
  }],
  ["inkling2", "Inkling 2", "rms", 1e-6, rms, "pre", {
    placement: "before branches that attend to earlier blocks of six layers (attention residuals)",
    entry: "RMSNorm",
    traps: "logits are bent to ± 30",
    lacks: "residuals that attend to earlier layers",
  }],
  ["beam", "Beam", "rms", 1e-6, rms, "both", {
    placement: "before and behind branches, with shortcuts that shrink with depth",
    traps: `the same function as Sandwich-LN scaled by depth, up to ε; ${perHead}`,
    lacks: "shortcuts with constants of their depth in a Sandwich-LN",
  }],
  ["doge", "Doge", "rms", 1e-6, rms, "pre", {
    placement: "before branches, with shortcuts multiplied by learned vectors",
    traps: perHead,
    lacks: "shortcuts that are multiplied number by number",
  }],
  ["zaya", "Zaya", "rms", 1e-5, rms, "pre", {
    placement:
      "before branches, with branches and shortcuts multiplied and shifted by learned vectors",
    lacks: "shortcuts that are multiplied number by number",
  }],
  ["muse_spark", "Muse Spark", "rms1", 1e-5, rms, "both", {
    placement: "before and behind branches, with shortcuts whose squares add up to 1",
    entry: "RMSNorm without parameters",
    lacks: "shortcuts that are multiplied number by number",
  }],
  ["rwkv", "RWKV", "ln", 1e-5, epsilon, "pre", { entry: normed, lacks: states }],
  ["mamba", "Mamba", "rms", 1e-5, epsilon, "pre", { lacks: states }],
  ["mamba2 falcon_mamba", "Mamba 2, Falcon Mamba", "rms", 1e-5, epsilon, "pre", {
    traps: "mixers have norms inside",
    lacks: states,
  }],
  ["xlstm", "xLSTM", "rms", 1e-6, "norm_eps", "pre", {
    traps: "mixers have norms of each head",
    lacks: states,
  }],
  ["jamba", "Jamba", "rms", 1e-6, rms, "pre", {
    traps: "mixers have norms inside",
    lacks: someStates,
  }],
  ["bamba falcon_h1 zamba zamba2", "Bamba, Falcon-H1, Zamba", "rms", 1e-5, rms, "pre", {
    lacks: someStates,
  }],
  ["nemotron_h", "Nemotron-H", "rms", 1e-5, epsilon, "pre", { lacks: someStates }],
  ["recurrent_gemma", "RecurrentGemma", "rms1", 1e-6, rms, "pre", {
    entry: root,
    traps: "logits are bent to ± 30",
    lacks: someStates,
  }],
  ["qwen3_next", "Qwen3-Next", "rms1", 1e-6, rms, "pre", { traps: perHead, lacks: someStates }],
  ["lfm2", "LFM2", "rms", 1e-5, "norm_eps", "pre", {
    traps: `${perHead}; the final norm is called embedding_norm`,
    lacks: "convolutions in the place of attention in some layers",
  }],
  ["granitemoe granitemoeshared granitemoehybrid", "Granite MoE", "rms", 1e-6, rms, "pre", {
    placement: "before branches (Pre-LN), each branch multiplied by residual_multiplier",
    entry: "multiplied by embedding_multiplier",
    lacks: "experts of one matrix for all, and in Granite 4 states in the place of attention",
  }],
  ["deepseek_v2", "DeepSeek-V2", "rms", 1e-6, rms, "pre", { lacks: latents }],
  ["musicgen_decoder musicgen_melody_decoder", "MusicGen's decoder", "ln", 1e-5, "", "pre", {
    traps: "positions are computed",
    lacks: codebooks,
  }],
  ["moshi", "Moshi", "rms", 1e-8, rms, "pre", { lacks: codebooks }],
  ["csm", "CSM", "rms", 1e-5, rms, "pre", { lacks: codebooks }],
  ["switch_transformers", "Switch Transformers", "rms", 1e-6, epsilon, "pre", { lacks: limits }],
  ["longt5", "LongT5", "rms", 1e-6, epsilon, "pre", {
    lacks: "attention in blocks, with tokens that stand for blocks",
  }],
  ["umt5", "UMT5", "rms", 1e-6, epsilon, "pre", {
    traps: "each layer has relative positions of its own",
  }],
  ["longformer big_bird", "Longformer, BigBird", "ln", 1e-12, table, "post", {
    ...none,
    entry: normed,
    lacks: "attention to windows, blocks and global tokens",
  }],
  ["xlnet", "XLNet", "ln", 1e-12, table, "post", {
    ...none,
    lacks: "scores of relative positions that depend on queries and keys, and a second stream",
  }],
  ["dbrx", "DBRX", "lnFree", 1e-5, "", "pre", { lacks: "experts of one matrix for all" }],
  ["bert roberta xlm-roberta", "BERT, RoBERTa", "ln", 1e-12, table, "post", {
    ...none,
    entry: normed,
    traps: "files of RoBERTa carry 1e-5",
  }],
  ["distilbert", "DistilBERT", "ln", 1e-12, "", "post", { ...none, entry: normed }],
  ["git", "GIT", "ln", 1e-12, table, "post", {
    ...none,
    entry: normed,
    lacks: "images and text in one stream",
  }],
  ["albert electra", "ALBERT, ELECTRA", "ln", 1e-12, table, "post", {
    ...none,
    entry: "LayerNorm of embeddings that are narrower, then a projection",
    traps: "ALBERT's layers share their weights",
    lacks: "norms of embeddings before their projection, and layers that share weights",
  }],
  ["deberta deberta-v2", "DeBERTa", "ln", 1e-7, table, "post", {
    ...none,
    entry: normed,
    lacks: "scores of relative positions that depend on queries and keys",
  }],
  ["xlm-roberta-xl", "XLM-RoBERTa-XL", "ln", 1e-5, table, "pre"],
  ["modernbert", "ModernBERT", "lnFree", 1e-5, "norm_eps", "pre", {
    entry: normed,
    traps: "the first layer has no norm before its attention; norm_bias gives norms a bias",
  }],
  ["t5 mt5", "T5", "rms", 1e-6, epsilon, "pre", {
    traps:
      "the head reads the final norm times 1/√d where it is the token table; scores are not scaled, and relative positions " +
      "are added to them",
  }],
  ["bart plbart", "BART", "ln", 1e-5, "", "post", { ...none, entry: `LayerNorm, ${rootIfAsked}` }],
  ["marian", "Marian", "ln", 1e-5, "", "post", {
    ...none,
    entry: rootIfAsked,
    traps: "positions are computed",
  }],
  ["mbart", "mBART", "ln", 1e-5, "", "pre", { entry: `LayerNorm, ${rootIfAsked}` }],
  ["pegasus blenderbot whisper", "Pegasus, Blenderbot, Whisper", "ln", 1e-5, "", "pre", {
    entry: rootIfAsked,
    traps: "positions of Pegasus and of Whisper's encoder are computed",
  }],
  ["m2m_100", "M2M100, NLLB", "ln", 1e-5, "", "pre", {
    entry: rootIfAsked,
    traps: "positions are computed, and padding is not counted",
  }],
  ["bigbird_pegasus", "BigBird-Pegasus", "ln", 1e-5, "", "pre", {
    entry: rootIfAsked,
    traps: "its final norms are called layernorm_embedding",
    lacks: "attention to random and global blocks",
  }],
  ["nllb-moe", "NLLB-MoE", "ln", 1e-5, "", "pre", {
    entry: rootIfAsked,
    lacks: limits,
  }],
  ["trocr", "TrOCR", "ln", 1e-5, "", "post", {
    ...none,
    entry: normed,
    lacks: "a decoder whose encoder is another model",
  }],
  ["eurobert", "EuroBERT", "rms", 1e-5, rms, "pre"],
  ["wav2vec2 hubert", "wav2vec 2.0, HuBERT", "ln", 1e-5, table, "post", {
    final: "none; with do_stable_layer_norm yes",
    entry: "LayerNorm; with do_stable_layer_norm none",
    traps: "do_stable_layer_norm makes it Pre-LN",
  }],
  ["vit deit", "ViT, DeiT", "ln", 1e-12, table, "pre"],
  ["beit", "BEiT", "ln", 1e-12, table, "scaled", {
    final: "none where the mean of the patches is read, which then has a LayerNorm",
  }],
  ["dinov2 dinov2_with_registers", "DINOv2", "ln", 1e-6, table, "scaled"],
  ["dinov3_vit", "DINOv3", "ln", 1e-5, table, "scaled"],
  ["siglip siglip_text_model siglip_vision_model", "SigLIP", "ln", 1e-6, table, "pre"],
  ["clip clip_text_model clip_vision_model", "CLIP", "ln", 1e-5, table, "pre", {
    final: "yes; of images it is applied to the class token alone",
    entry: "of images LayerNorm, called pre_layrnorm",
  }],
  ["swin", "Swin", "ln", 1e-5, table, "pre", {
    entry: normed,
    lacks: "streams that change their width, and attention in shifted windows of images",
  }],
  ["swinv2", "Swin v2", "ln", 1e-5, table, "out", {
    entry: normed,
    traps: "attention compares directions (cosine attention)",
    lacks: "streams that change their width, and attention in shifted windows of images",
  }],
];

/** What is known of published types, by `model_type`. */
export const typeFacts: ReadonlyMap<string, TypeFacts> = new Map(
  rows.flatMap(([types, label, norm, standard, key, place, others = {}]) => {
    const eps = key === "" ? { standard } : { key, standard };
    const facts = { label, norm: norms[norm], eps, placement: places[place], final: "yes" };
    return types.split(" ").map((type) => [type, { ...facts, ...others }] as const);
  }),
);

/** What is known of a type, with the ε of a configuration. */
export interface ConfigFacts extends Omit<TypeFacts, "eps"> {
  /** The ε that its norms have. */
  readonly eps: number;
}

/**
 * What is known of the type of a configuration.
 *
 * @param config A `config.json`.
 * @returns Its norms, ε and traps; undefined where its type is not known.
 */
export function factsOf(config: Config): ConfigFacts | undefined {
  const facts = typeFacts.get(String(config["model_type"]));
  if (facts === undefined) return undefined;
  const { key, standard } = facts.eps;
  const parts = [config, partOf(config, "text_config"), partOf(config, "vision_config")];
  const found = parts.map((part) => part[key ?? ""]).find((eps) => typeof eps === "number");
  return { ...facts, eps: typeof found === "number" ? found : standard };
}

/**
 * Why a type that is known is not described.
 *
 * @param facts What is known of it.
 * @returns A clause.
 */
export function whyNotDescribed({ lacks }: Pick<TypeFacts, "lacks">): string {
  return lacks === undefined
    ? "no family of this library describes it yet"
    : `it has ${lacks}, and descriptions of models have no words for that yet`;
}
