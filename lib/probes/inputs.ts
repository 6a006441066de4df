// Probes of the tensors that sub-layers and norms read: their sizes, and how they differ between layers.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { layerOf, observe } from "./observe.ts";

/** How far what a sub-layer reads is from what the one before it reads. */
export type InputRow = {
  /** `input` */
  readonly kind: "input";
  /** `blocks.1.mlp_in`, `blocks.2.attn_in` … */
  readonly name: string;
  /** The sub-layer, counted from 1 through all layers; the first row is the second one's. */
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
 * @param config The configuration.
 * @param tokens Rows of token ids.
 * @returns One row for each sub-layer but the first.
 */
export async function probeInputs(
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
): Promise<InputRow[]> {
  const seen = await observe({ parameters, config, tokens }, (keep) => {
    let before: Tensor | undefined;
    return (name, x) => {
      if (!name.endsWith("_in")) return;
      if (before !== undefined) keep(name, tf.mean(tf.abs(tf.sub(x, before))));
      before = x;
    };
  });
  return seen.map(({ name, values }, i) => ({
    kind: "input",
    name,
    sublayer: i + 2,
    difference: values[0]!,
  }));
}

/**
 * How long the vectors are that norms read; a norm divides gradients by this.
 *
 * Source: Wang et al. 2022 (DeepNet), Fig. 4b and 4c.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @param tokens Rows of token ids.
 * @returns One row for each norm inside a block, in the order in which they act.
 */
export async function probeNorms(
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
): Promise<NormRow[]> {
  const seen = await observe({ parameters, config, tokens }, (keep) => (name, x) => {
    if (!name.includes(".norm.")) return;
    keep(name, tf.div(tf.mean(tf.norm(x, 2, -1)), Math.sqrt(x.shape.at(-1)!)));
  });
  return seen.map(({ name, values }) => ({
    kind: "norm",
    name,
    layer: layerOf(name),
    size: values[0]!,
  }));
}
