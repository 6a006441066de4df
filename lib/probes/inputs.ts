// Probes of the tensors that sub-layers and norms read: their sizes, and how they differ between layers.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { DescribedParameters } from "../decoder/described.ts";
import { observe, observed, placeOf, type ProbedInputs, type ProbedModel } from "./observe.ts";

/** How far what a sub-layer reads is from what the one before it reads. */
export type InputRow = {
  /** `input` */
  readonly kind: "input";
  /** `blocks.1.mlp_in`, `blocks.2.attn_in` … */
  readonly name: string;
  /** The stack, where the model has several. */
  readonly stack?: string;
  /** The sub-layer, counted from 1 through all layers of its stack; the first row is the second one's. */
  readonly sublayer: number;
  /** Mean of |x_k − x_{k−1}| over tokens and coordinates. */
  readonly difference: number;
};

/** The size of what a norm reads. */
export type NormRow = {
  /** `norm` */
  readonly kind: "norm";
  /** The path of its parameters, such as `blocks.1.norm.attention.stream`. */
  readonly name: string;
  /** The stack, where the model has several. */
  readonly stack?: string;
  /** The layer, from 1. */
  readonly layer: number;
  /** ‖x‖ / √D, averaged over tokens. */
  readonly size: number;
};

/**
 * How much the inputs of consecutive sub-layers differ: representation collapse, where the difference falls with depth.
 *
 * Source: Xie et al. 2023 (ResiDual), Theorems 3.3 and 3.6, Fig. 2b.
 *
 * @param parameters The parameters.
 * @param model A decoder's configuration, or any model's spec.
 * @param inputs Rows of token ids, or what a model of any kind reads.
 * @returns One row for each sub-layer but the first of each stack.
 */
export async function probeInputs(
  parameters: DescribedParameters,
  model: ProbedModel,
  inputs: ProbedInputs,
): Promise<InputRow[]> {
  const seen = await observe(parameters, observed(model, inputs), (
    keep: (of: Omit<InputRow, "kind" | "difference">, value: Tensor) => void,
  ) => {
    const read = new Map<string, Tensor[]>(); // by each stack
    return (name, x) => {
      if (!name.endsWith("_in")) return;
      const { layer: _, ...place } = placeOf(name);
      const before = read.get(place.stack ?? "") ?? [];
      const last = before.at(-1);
      read.set(place.stack ?? "", [...before, x]);
      if (last === undefined) return;
      keep({ name, ...place, sublayer: before.length + 1 }, tf.mean(tf.abs(tf.sub(x, last))));
    };
  });
  return seen.map(({ of, values }) => ({ kind: "input", ...of, difference: values[0]! }));
}

/**
 * How long the vectors are that norms read; a norm divides gradients by this.
 *
 * Source: Wang et al. 2022 (DeepNet), Fig. 4b and 4c.
 *
 * @param parameters The parameters.
 * @param model A decoder's configuration, or any model's spec.
 * @param inputs Rows of token ids, or what a model of any kind reads.
 * @returns One row for each norm inside a block, in the order in which they act.
 */
export async function probeNorms(
  parameters: DescribedParameters,
  model: ProbedModel,
  inputs: ProbedInputs,
): Promise<NormRow[]> {
  const seen = await observe(parameters, observed(model, inputs), (keep) => (name, x) => {
    if (!name.includes(".norm.")) return;
    keep(name, tf.div(tf.mean(tf.norm(x, 2, -1)), Math.sqrt(x.shape.at(-1)!)));
  });
  return seen.map(({ of: name, values }) => ({
    kind: "norm",
    name,
    ...placeOf(name),
    size: values[0]!,
  }));
}
