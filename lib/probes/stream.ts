// The residual stream by depth: its size, and what each branch adds to it.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { DescribedParameters } from "../decoder/described.ts";
import {
  observe,
  observed,
  type Place,
  placeOf,
  type ProbedInputs,
  type ProbedModel,
} from "./observe.ts";

/** The stream at one place. */
export type StreamRow = {
  /** `stream` */
  readonly kind: "stream";
  /** TransformerLens's name, layers from 1: `blocks.1.resid_pre`, `.resid_mid`, `.resid_post`; of several stacks `encoder.blocks.1.resid_pre`. */
  readonly name: string;
  /** The stack, where the model has several. */
  readonly stack?: string;
  /** How many layers lie before it; 0 is the embedding. */
  readonly layer: number;
  /** Mean of its values. */
  readonly mean: number;
  /** Root of the mean of their squares. */
  readonly rms: number;
  /** Variance over the width, averaged over tokens: what a LayerNorm divides by. */
  readonly variance: number;
};

/** What a sub-layer adds, relative to the stream that it joins. */
export type BranchRow = {
  /** `branch` */
  readonly kind: "branch";
  /** `blocks.1.attn_out` or `blocks.1.mlp_out`; of several stacks `decoder.blocks.1.cross_attn_out`. */
  readonly name: string;
  /** The stack, where the model has several. */
  readonly stack?: string;
  /** The layer, from 1. */
  readonly layer: number;
  /** ‖branch‖ / ‖stream before it‖, averaged over tokens. */
  readonly ratio: number;
};

const isStream = (name: string): boolean => /\.resid_\w+$/.test(name);
const isBranch = (name: string): boolean => /_out$/.test(name);

/** A place of the stream, by the number of layers before it. */
function depthOf(name: string): Place {
  const place = placeOf(name);
  return name.endsWith("resid_pre") ? { ...place, layer: place.layer - 1 } : place;
}

/**
 * Mean, RMS and variance of the stream at every place.
 *
 * Units: the stream's; the variance its square.
 *
 * @param parameters The parameters.
 * @param model A decoder's configuration, or any model's spec.
 * @param inputs Rows of token ids, or what a model of any kind reads.
 * @returns One row for each of `resid_pre`, `resid_mid`, `resid_post` of each layer; `resid_cross` too behind cross-attention.
 */
export async function probeStream(
  parameters: DescribedParameters,
  model: ProbedModel,
  inputs: ProbedInputs,
): Promise<StreamRow[]> {
  const seen = await observe(parameters, observed(model, inputs), (keep) => (name, x) => {
    if (!isStream(name)) return;
    const centered = tf.sub(x, tf.mean(x, -1, true));
    keep(
      name,
      tf.stack([tf.mean(x), tf.sqrt(tf.mean(tf.square(x))), tf.mean(tf.square(centered))]),
    );
  });
  return seen.map(({ of: name, values }) => {
    const [mean, rms, variance] = values as unknown as [number, number, number];
    return { kind: "stream", name, ...depthOf(name), mean, rms, variance };
  });
}

/**
 * How large each branch is beside the stream that it joins.
 *
 * @param parameters The parameters.
 * @param model A decoder's configuration, or any model's spec.
 * @param inputs Rows of token ids, or what a model of any kind reads.
 * @returns One row for each sub-layer.
 */
export async function probeBranches(
  parameters: DescribedParameters,
  model: ProbedModel,
  inputs: ProbedInputs,
): Promise<BranchRow[]> {
  const seen = await observe(parameters, observed(model, inputs), (keep) => {
    let stream: Tensor | undefined;
    return (name, x) => {
      if (isStream(name)) stream = x;
      if (isBranch(name) && stream !== undefined) {
        keep(name, tf.mean(tf.div(tf.norm(x, 2, -1), tf.norm(stream, 2, -1))));
      }
    };
  });
  return seen.map(({ of: name, values }) => ({
    kind: "branch",
    name,
    ...placeOf(name),
    ratio: values[0]!,
  }));
}
