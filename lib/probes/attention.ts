// A probe of attention: over how many tokens each head spreads its weights.

import * as tf from "@tensorflow/tfjs";
import type { DecoderConfig } from "../decoder/config.ts";
import type { Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { layerOf, observe } from "./observe.ts";

/** The entropy of one head. */
export type AttentionRow = {
  /** `attention` */
  readonly kind: "attention";
  /** `blocks.1.attn.pattern` */
  readonly name: string;
  /** The layer, from 1. */
  readonly layer: number;
  /** The head, from 1. */
  readonly head: number;
  /** −Σ p ln p over keys, averaged over rows and queries, in nats. */
  readonly entropy: number;
};

/**
 * The entropy of every attention head: 0 where each query looks at one key, ln t where it looks at t keys alike.
 *
 * Units: nats.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @param tokens Rows of token ids.
 * @returns One row for each head of each layer.
 */
export async function probeAttention(
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
): Promise<AttentionRow[]> {
  const seen = await observe({ parameters, config, tokens }, (keep) => (name, pattern) => {
    if (!name.endsWith("attn.pattern")) return;
    const surprise = tf.mul(pattern, tf.log(tf.maximum(pattern, 1e-30)));
    keep(name, tf.neg(tf.mean(tf.sum(surprise, -1), [0, 2])));
  });
  return seen.flatMap(({ name, values }) =>
    Array.from(values, (entropy, index): AttentionRow => (
      { kind: "attention", name, layer: layerOf(name), head: index + 1, entropy }
    ))
  );
}
