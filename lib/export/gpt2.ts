// A decoder as GPT2LMHeadModel, which every engine with LayerNorms loads: so is what was trained with a variant, once that is folded
// away.

import type { DType } from "../checkpoint/dtype.ts";
import { memoryTensors } from "../checkpoint/memory.ts";
import {
  type LazyMatrix,
  matrixFrom,
  matrixOf,
  scaleAll,
  transpose,
} from "../convert/lazy_matrix.ts";
import { Overlay } from "../convert/overlay.ts";
import { normsWithReaders } from "../convert/readers_and_writers.ts";
import type { Attention, FeedForward, NormSpec, Stack } from "../model/spec.ts";
import { isTied } from "../model/spec.ts";
import { describeModel, type Model } from "../families/model.ts";
import { findFamily } from "../families/registry.ts";
import { gpt2Rules } from "./gpt2_reason.ts";
import {
  everyRows,
  type Projection,
  projectionOf,
  queriesKeysValues,
  stored,
  zeros,
} from "./projections.ts";
import { carriedSettings, whyNot } from "./target_rules.ts";

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

/** A map whose outputs are multiplied. */
function scaled({ weight, bias }: Projection, factor: number): Projection {
  if (factor === 1) return { weight, ...(bias === undefined ? {} : { bias }) };
  const times = <M extends LazyMatrix>(matrix: M): M => ({
    ...matrix,
    ...scaleAll(matrix, factor),
  });
  return { weight: times(weight), ...(bias === undefined ? {} : { bias: times(bias) }) };
}

/** Queries, keys and values; the scores are q · k ÷ √K then. */
function projectionsOf(tensors: Model["tensors"], attention: Attention): Projection[] {
  const { q, k, v } = queriesKeysValues(tensors, attention);
  const factor = attention.scale * Math.sqrt(attention.headWidth);
  return [Math.abs(factor - 1) > 1e-12 ? scaled(q, factor) : q, k, v];
}

/** The rows of a table from one on. */
function rowsFrom(matrix: LazyMatrix & { readonly dtype: DType }, first: number): LazyMatrix {
  const count = matrix.rows - first;
  return everyRows(matrix, { first, count, period: matrix.rows });
}

/**
 * Writes a Pre-LN decoder as GPT2LMHeadModel: its names, fused queries, keys and values, biases of zeros where there are none.
 *
 * GPT-2 has one ε for all norms. Where folding gave norms ε of their own, the most common one is written, and the certificate shows what
 * that changes.
 *
 * @param model A decoder with learned positions, LayerNorms and a network without a gate; variants are folded before.
 * @returns The model as one of the family `gpt2`; its configuration is what `config.json` holds.
 * @throws {RangeError} If something has no place in GPT-2; the message names the first that is found.
 */
export function toGpt2(model: Model): Model {
  const reason = whyNot(gpt2Rules, model);
  if (reason !== undefined) {
    throw new RangeError(`Cannot write this ${model.family.label} model as GPT-2: ${reason}`);
  }
  const { spec, tensors } = model;
  const [stack] = Object.values(spec.stacks) as [Stack];
  const { entry, width, blocks } = stack;
  if (entry.kind !== "tokens") throw new RangeError(`Cannot embed ${entry.kind} in GPT-2`);
  const { dtype } = tensors.info(entry.tokens.table);
  const made = new Overlay(memoryTensors({}));
  const put = (name: string, of: LazyMatrix): void =>
    made.set(name, [of.rows, of.width], dtype, of);
  const vector = (name: string, of: LazyMatrix): void => made.set(name, [of.width], dtype, of);
  const norm = (path: string, { gain, bias }: NormSpec): void => {
    const of = (name: string, value: number): LazyMatrix =>
      tensors.has(name) ? matrixOf(tensors, name) : matrixFrom(new Float64Array(width).fill(value));
    vector(`${path}.weight`, of(gain, 1));
    vector(`${path}.bias`, of(bias, 0));
  };
  const map = (path: string, parts: readonly Projection[]): void => {
    put(`${path}.weight`, sideBySide(parts.map(({ weight }) => transpose(weight))));
    const biases = parts.map(({ weight, bias }) => transpose(bias ?? zeros(weight)));
    vector(`${path}.bias`, sideBySide(biases));
  };

  const table = matrixOf(tensors, entry.tokens.table);
  const { linear } = spec.heads[0]!;
  const tied = isTied(spec, linear.weight) && entry.scale === 1;
  put("transformer.wte.weight", entry.scale === 1 ? table : scaleAll(table, entry.scale));
  const positions = rowsFrom(stored(tensors, entry.positions!.table), entry.offset);
  put("transformer.wpe.weight", positions);
  for (const [at, { branches: [first, second] }] of blocks.entries()) {
    const path = `transformer.h.${at}`;
    const attention = first!.sublayer as Attention;
    const network = second!.sublayer as FeedForward;
    norm(`${path}.ln_1`, first!.norms.input!);
    map(`${path}.attn.c_attn`, projectionsOf(tensors, attention));
    map(`${path}.attn.c_proj`, [projectionOf(tensors, attention.output.linear)]);
    norm(`${path}.ln_2`, second!.norms.input!);
    map(`${path}.mlp.c_fc`, [projectionOf(tensors, network.up)]);
    map(`${path}.mlp.c_proj`, [projectionOf(tensors, network.output.linear)]);
  }
  norm("transformer.ln_f", stack.final!);
  if (!tied) put("lm_head.weight", projectionOf(tensors, linear).weight);

  const [attention, network] = blocks[0]!.branches.map(({ sublayer }) => sublayer) as [
    Attention,
    FeedForward,
  ];
  return describeModel(findFamily({ model_type: "gpt2" }), {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    bos_token_id: null,
    eos_token_id: null,
    ...carriedSettings(model.config),
    vocab_size: table.rows,
    n_positions: positions.rows,
    n_embd: width,
    n_layer: blocks.length,
    n_head: attention.heads,
    n_inner: projectionOf(tensors, network.up).weight.rows,
    activation_function: network.activation,
    layer_norm_epsilon: commonEps(model),
    tie_word_embeddings: tied,
  }, made);
}
