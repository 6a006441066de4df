// A probe of attention: over how many tokens each head spreads its weights.

import * as tf from "@tensorflow/tfjs";
import type { DescribedParameters } from "../decoder/described.ts";
import { observe, observed, placeOf, type ProbedInputs, type ProbedModel } from "./observe.ts";

/** The entropy of one head. */
export type AttentionRow = {
  /** `attention` */
  readonly kind: "attention";
  /** `blocks.1.attn.pattern`; of several stacks `decoder.blocks.1.cross_attn.pattern`. */
  readonly name: string;
  /** The stack, where the model has several. */
  readonly stack?: string;
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
 * @param model A decoder's configuration, or any model's spec.
 * @param inputs Rows of token ids, or what a model of any kind reads.
 * @returns One row for each head of each layer; those of cross-attention are rows of their own.
 */
export async function probeAttention(
  parameters: DescribedParameters,
  model: ProbedModel,
  inputs: ProbedInputs,
): Promise<AttentionRow[]> {
  const seen = await observe(parameters, observed(model, inputs), (keep) => (name, pattern) => {
    if (!name.endsWith("attn.pattern")) return;
    const surprise = tf.mul(pattern, tf.log(tf.maximum(pattern, 1e-30)));
    keep(name, tf.neg(tf.mean(tf.sum(surprise, -1), [0, 2])));
  });
  return seen.flatMap(({ of: name, values }) =>
    Array.from(values, (entropy, index): AttentionRow => (
      { kind: "attention", name, ...placeOf(name), head: index + 1, entropy }
    ))
  );
}
