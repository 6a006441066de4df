// A model as LlamaForCausalLM, which every engine with RMSNorm loads, where its architecture is Llama's but for names and orders.

import type { DType } from "../checkpoint/dtype.ts";
import type { TensorSource } from "../checkpoint/tensors.ts";
import { scaleAll } from "../convert/lazy_matrix.ts";
import { Overlay } from "../convert/overlay.ts";
import type { Attention, FeedForward, Linear, NormSpec, Stack } from "../model/spec.ts";
import type { Config } from "../families/family.ts";
import { isTied } from "../model/spec.ts";
import { describeModel, type Model } from "../families/model.ts";
import { rotaryParametersOf } from "../families/rotary.ts";
import { findFamily } from "../families/registry.ts";
import {
  gainOf,
  type Projection,
  projectionOf,
  queriesKeysValues,
  stored,
  type TypedMatrix,
  zeros,
} from "./projections.ts";
import { llamaRules } from "./llama_reason.ts";
import { carriedSettings, whyNot } from "./target_rules.ts";

/** A layer's parts by Llama's paths. */
interface Parts {
  readonly attention: Readonly<Record<string, Projection>>;
  readonly network: Readonly<Record<string, Projection>>;
}

function partsOf(tensors: TensorSource, { branches }: Stack["blocks"][number]): Parts {
  const attention = branches[0]!.sublayer as Attention;
  const network = branches[1]!.sublayer as FeedForward;
  const { q, k, v } = queriesKeysValues(tensors, attention);
  const of = (linear: Linear): Projection => projectionOf(tensors, linear);
  return {
    attention: { q_proj: q, k_proj: k, v_proj: v, o_proj: of(attention.output.linear) },
    network: {
      gate_proj: of(network.gate!),
      up_proj: of(network.up),
      down_proj: of(network.output.linear),
    },
  };
}

const hasBias = (maps: Readonly<Record<string, Projection>>): boolean =>
  Object.values(maps).some(({ bias }) => bias !== undefined);

const empty: TensorSource = {
  names: [],
  has: () => false,
  info: (name) => {
    throw new RangeError(`Cannot find the tensor ${name}: there is none`);
  },
  rows: (name) => Promise.reject(new RangeError(`Cannot read the tensor ${name}: there is none`)),
};

/** transformers' names of dtypes. */
const torchNames: Partial<Readonly<Record<DType, string>>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** The most tokens that a configuration speaks of. */
function contextOf(config: Config): number {
  const keys = ["max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "context"];
  const found = keys.map((key) => config[key]).find((value) => typeof value === "number");
  return found as number | undefined ?? 2048; // Llama's own
}

/**
 * Writes a model as LlamaForCausalLM: the same function under Llama's names and orders. Weightless norms get gains of 1, fused queries,
 * keys and values are split, (in, out) matrices are turned, and a factor of the embeddings goes into their table. The tensors are
 * computed when they are read and keep their dtypes.
 *
 * @param model A decoder with RMSNorms: sequential layers, rotary positions of whole heads in halves, a network gated by SiLU. What has
 * LayerNorms is converted to `pre-rmsnorm` before.
 * @returns The model as one of the family `llama`; its configuration is what `config.json` holds.
 * @throws {RangeError} If something has no place in Llama; the message names the first that is found.
 */
export function toLlama(model: Model): Model {
  const reason = whyNot(llamaRules, model);
  if (reason !== undefined) {
    throw new RangeError(`Cannot write this ${model.family.label} model as Llama: ${reason}`);
  }
  const { spec, tensors, config } = model;
  const stack = Object.values(spec.stacks)[0]!;
  const { entry, width, blocks } = stack;
  if (entry.kind !== "tokens") throw new RangeError(`Cannot embed ${entry.kind} in Llama`);
  const { heads, keyValueHeads, headWidth, rotary } = blocks[0]!.branches[0]!.sublayer as Attention;
  const layers = blocks.map((block) => partsOf(tensors, block));
  const [attentionBias, networkBias] = [
    layers.some(({ attention }) => hasBias(attention)),
    layers.some(({ network }) => hasBias(network)),
  ];
  const { linear } = spec.heads[0]!;
  const tied = isTied(spec, linear.weight) && entry.scale === 1;

  const made = new Overlay(empty);
  const table = stored(tensors, entry.tokens.table);
  const matrix = (name: string, of: TypedMatrix): void =>
    made.set(name, [of.rows, of.width], of.dtype, of);
  const vector = (name: string, of: TypedMatrix): void => made.set(name, [of.rows], of.dtype, of);
  const map = (path: string, { weight, bias }: Projection, isBiased: boolean): void => {
    matrix(`${path}.weight`, weight);
    if (isBiased) vector(`${path}.bias`, bias ?? zeros(weight));
  };
  const norm = (path: string, { gain }: NormSpec): void =>
    vector(`${path}.weight`, gainOf(tensors, gain, table));
  const embedded = entry.scale === 1 ? table : { ...table, ...scaleAll(table, entry.scale) };
  matrix("model.embed_tokens.weight", embedded);
  for (const [at, { attention, network }] of layers.entries()) {
    const path = `model.layers.${at}`;
    const [first, second] = blocks[at]!.branches;
    norm(`${path}.input_layernorm`, first!.norms.input!);
    for (const [name, one] of Object.entries(attention)) {
      map(`${path}.self_attn.${name}`, one, attentionBias);
    }
    norm(`${path}.post_attention_layernorm`, second!.norms.input!);
    for (const [name, one] of Object.entries(network)) {
      map(`${path}.mlp.${name}`, one, networkBias);
    }
  }
  norm("model.norm", stack.final!);
  if (!tied) map("lm_head", projectionOf(tensors, linear), false);

  return describeModel(findFamily({ model_type: "llama" }), {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    ...carriedSettings(config),
    vocab_size: table.rows,
    hidden_size: width,
    intermediate_size: layers[0]!.network["up_proj"]!.weight.rows,
    num_hidden_layers: blocks.length,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: headWidth,
    hidden_act: "silu",
    max_position_embeddings: contextOf(config),
    rms_norm_eps: stack.final!.eps,
    rope_theta: rotary!.base,
    rope_parameters: { ...rotaryParametersOf(config), rope_theta: rotary!.base },
    attention_bias: attentionBias,
    mlp_bias: networkBias,
    tie_word_embeddings: tied,
    torch_dtype: torchNames[table.dtype] ?? "float32",
  }, made);
}
