// The residual stream by depth: its size, and what each branch adds to it.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { layerOf, observe } from "./observe.ts";

/** The stream at one place. */
export type StreamRow = {
  /** `stream` */
  readonly kind: "stream";
  /** TransformerLens's name, layers from 1: `blocks.1.resid_pre`, `.resid_mid`, `.resid_post`. */
  readonly name: string;
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
  /** `blocks.1.attn_out` or `blocks.1.mlp_out`. */
  readonly name: string;
  /** The layer, from 1. */
  readonly layer: number;
  /** ‖branch‖ / ‖stream before it‖, averaged over tokens. */
  readonly ratio: number;
};

const isStream = (name: string): boolean => /\.resid_\w+$/.test(name);
const isBranch = (name: string): boolean => /_out$/.test(name);

/** The number of layers before a place of the stream. */
function depthOf(name: string): number {
  return layerOf(name) - (name.endsWith("resid_pre") ? 1 : 0);
}

/**
 * Mean, RMS and variance of the stream at every place.
 *
 * Units: the stream's; the variance its square.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @param tokens Rows of token ids.
 * @returns One row for each of `resid_pre`, `resid_mid`, `resid_post` of each layer.
 */
export async function probeStream(
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
): Promise<StreamRow[]> {
  const seen = await observe({ parameters, config, tokens }, (keep) => (name, x) => {
    if (!isStream(name)) return;
    const centered = tf.sub(x, tf.mean(x, -1, true));
    keep(
      name,
      tf.stack([tf.mean(x), tf.sqrt(tf.mean(tf.square(x))), tf.mean(tf.square(centered))]),
    );
  });
  return seen.map(({ name, values }) => {
    const [mean, rms, variance] = values as unknown as [number, number, number];
    return { kind: "stream", name, layer: depthOf(name), mean, rms, variance };
  });
}

/**
 * How large each branch is beside the stream that it joins.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @param tokens Rows of token ids.
 * @returns One row for each sub-layer.
 */
export async function probeBranches(
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
): Promise<BranchRow[]> {
  const seen = await observe({ parameters, config, tokens }, (keep) => {
    let stream: Tensor | undefined;
    return (name, x) => {
      if (isStream(name)) stream = x;
      if (isBranch(name) && stream !== undefined) {
        keep(name, tf.mean(tf.div(tf.norm(x, 2, -1), tf.norm(stream, 2, -1))));
      }
    };
  });
  return seen.map(({ name, values }) => ({
    kind: "branch",
    name,
    layer: layerOf(name),
    ratio: values[0]!,
  }));
}
