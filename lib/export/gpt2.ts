// A decoder of this library as GPT2LMHeadModel, which every engine with LayerNorms loads: so does what was trained with a variant, once
// that is folded away.

import {
  type LazyMatrix,
  matrixFrom,
  matrixOf,
  scaleAll,
  transpose,
} from "../convert/lazy_matrix.ts";
import { Overlay } from "../convert/overlay.ts";
import { whyNotPlain } from "../convert/preconditions.ts";
import { normsWithReaders } from "../convert/readers_and_writers.ts";
import type { Attention, FeedForward, Linear, NormSpec, Stack } from "../model/spec.ts";
import { isTied } from "../model/spec.ts";
import { describeModel, type Model } from "../families/model.ts";
import { findFamily } from "../families/registry.ts";
import { memoryTensors } from "../checkpoint/memory.ts";

/** Why a model is not GPT-2 but for names: the first reason, as a clause. */
function whyNotGpt2({ spec, tensors }: Model): string | undefined {
  const [stack, ...others] = Object.values(spec.stacks);
  if (stack === undefined || others.length > 0) return "it is not one stack";
  const { entry, entryNorm, recenter, blocks, final } = stack;
  if (entry.kind !== "tokens" || entry.positions === undefined || entry.offset !== 0) {
    return "its positions are not learned";
  }
  if (entryNorm !== undefined) return "it has a norm of its embeddings";
  if (final === undefined) return "it has no norm after its last layer";
  const kind = normsWithReaders(spec).map(({ norm }) => norm.kind).find((kind) => kind !== "layer");
  if (kind !== undefined || recenter) return `its norms are ${kind}: convert it to "pre-ln"`;
  const unlike = whyNotPlain(spec);
  if (unlike !== undefined) return unlike;
  for (const { parallel, branches } of blocks) {
    if (parallel) return "its branches are parallel";
    if (branches.some(({ norms }) => norms.inner)) {
      return "it has norms inside its branches (Sub-LN)";
    }
    const [attention, network] = branches.map(({ sublayer }) => sublayer);
    if (attention?.kind !== "attention" || network?.kind !== "feedForward") {
      return "its layers are not attention and feed-forward";
    }
    const { projections, rotary, alibi, window } = attention;
    if ((rotary ?? alibi ?? window) !== undefined) return "its attention is not plain";
    if ("qkv" in projections || projections.q.layout !== "in-out") {
      return "its matrices are not stored (in, out) with queries, keys and values apart";
    }
    if (network.gate !== undefined) return "its network has a gate";
  }
  const bias = spec.heads.map(({ linear }) => linear.bias).find((name) => tensors.has(name));
  return bias === undefined ? undefined : `its head has a bias (${bias})`;
}

/** Matrices of equal height side by side. */
function sideBySide(parts: readonly LazyMatrix[]): LazyMatrix {
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  return {
    rows: parts[0]!.rows,
    width,
    read: async (first, count) => {
      const numbers = new Float64Array(count * width);
      let column = 0;
      for (const part of parts) {
        const own = await part.read(first, count);
        for (let row = 0; row < count; row++) {
          numbers.set(own.subarray(row * part.width, (row + 1) * part.width), row * width + column);
        }
        column += part.width;
      }
      return numbers;
    },
  };
}

/** Whether all norms of a model have one ε, as GPT-2's do; else its form there is off by what ε does. */
export function hasOneEps({ spec }: Model): boolean {
  return new Set(normsWithReaders(spec).map(({ norm }) => norm.eps)).size === 1;
}

/** The ε that most norms have: GPT-2 has one for all. */
function commonEps({ spec }: Model): number {
  const all = normsWithReaders(spec).map(({ norm }) => norm.eps);
  const count = (eps: number): number => all.filter((other) => other === eps).length;
  return all.reduce((most, eps) => count(eps) > count(most) ? eps : most);
}

/**
 * Writes a Pre-LN decoder of this library as GPT2LMHeadModel: names, fused queries, keys and values, biases of zeros where it has none.
 *
 * GPT-2 has one ε for all norms. Where folding gave norms ε of their own, the most common one is written, and the certificate shows what
 * that changes.
 *
 * @param model A decoder with learned positions and an activation other than SwiGLU; variants are folded before.
 * @returns The model as one of the family `gpt2`; its configuration is what `config.json` holds.
 * @throws {RangeError} If something has no place in GPT-2; the message names the first that is found.
 */
export function toGpt2(model: Model): Model {
  const reason = whyNotGpt2(model);
  if (reason !== undefined) {
    throw new RangeError(`Cannot write this ${model.family.label} model as GPT-2: ${reason}`);
  }
  const { spec, tensors } = model;
  const stack = spec.stacks["decoder"] as Stack;
  const { entry, width, blocks } = stack;
  if (entry.kind !== "tokens") throw new RangeError(`Cannot embed ${entry.kind} in GPT-2`);
  const { dtype } = tensors.info(entry.tokens.table);
  const made = new Overlay(memoryTensors({}));
  const put = (name: string, of: LazyMatrix): void =>
    made.set(name, [of.rows, of.width], dtype, of);
  const vector = (name: string, of: LazyMatrix): void => made.set(name, [of.width], dtype, of);
  const filled = (count: number, value: number): LazyMatrix =>
    matrixFrom(new Float64Array(count).fill(value));
  const biasOf = ({ bias, weight }: Linear): LazyMatrix =>
    tensors.has(bias) ? matrixOf(tensors, bias) : filled(matrixOf(tensors, weight).width, 0);
  const norm = (path: string, { gain, bias }: NormSpec): void => {
    vector(`${path}.weight`, tensors.has(gain) ? matrixOf(tensors, gain) : filled(width, 1));
    vector(`${path}.bias`, tensors.has(bias) ? matrixOf(tensors, bias) : filled(width, 0));
  };
  const map = (path: string, parts: readonly Linear[]): void => {
    put(`${path}.weight`, sideBySide(parts.map(({ weight }) => matrixOf(tensors, weight))));
    vector(`${path}.bias`, sideBySide(parts.map(biasOf)));
  };

  const table = matrixOf(tensors, entry.tokens.table);
  const { linear } = spec.heads[0]!;
  const tied = isTied(spec, linear.weight) && entry.scale === 1;
  put("transformer.wte.weight", entry.scale === 1 ? table : scaleAll(table, entry.scale));
  const positions = matrixOf(tensors, entry.positions!.table);
  put("transformer.wpe.weight", positions);
  for (const [at, { branches: [first, second] }] of blocks.entries()) {
    const path = `transformer.h.${at}`;
    const attention = first!.sublayer as Attention;
    const network = second!.sublayer as FeedForward;
    const { q, k, v } = attention.projections as { q: Linear; k: Linear; v: Linear };
    norm(`${path}.ln_1`, first!.norms.input!);
    map(`${path}.attn.c_attn`, [q, k, v]);
    map(`${path}.attn.c_proj`, [attention.output.linear]);
    norm(`${path}.ln_2`, second!.norms.input!);
    map(`${path}.mlp.c_fc`, [network.up]);
    map(`${path}.mlp.c_proj`, [network.output.linear]);
  }
  norm("transformer.ln_f", stack.final!);
  if (!tied) {
    const head = matrixOf(tensors, linear.weight);
    put("lm_head.weight", linear.layout === "out-in" ? head : transpose(head));
  }

  const [attention, network] = blocks[0]!.branches.map(({ sublayer }) => sublayer) as [
    Attention,
    FeedForward,
  ];
  return describeModel(findFamily({ model_type: "gpt2" }), {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: table.rows,
    n_positions: positions.rows,
    n_embd: width,
    n_layer: blocks.length,
    n_head: attention.heads,
    n_inner: matrixOf(tensors, network.up.weight).width,
    activation_function: network.activation,
    layer_norm_epsilon: commonEps(model),
    tie_word_embeddings: tied,
    bos_token_id: null,
    eos_token_id: null,
  }, made);
}
