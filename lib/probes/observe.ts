// The way from named activations to numbers: run once, keep a few small tensors, read them all together, free them.

import * as tf from "@tensorflow/tfjs";
import { type Numbers, readAll } from "../backend/read.ts";
import type { Tensor } from "../core/tensor.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { decoder, type Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import type { Tap } from "../transformer/run.ts";

/** A kept statistic, read back. */
export interface Observation {
  /** The activation that it is of. */
  readonly name: string;
  /** Its numbers. */
  readonly values: Numbers;
}

/**
 * Runs a decoder and reads statistics of its activations.
 *
 * @param model Parameters, configuration and tokens.
 * @param statistics Called for every activation with a function that keeps a small tensor under a name.
 * @returns What was kept, in order.
 */
export async function observe(
  model: { parameters: DecoderParameters; config: DecoderConfig; tokens: Tokens },
  statistics: (keep: (name: string, value: Tensor) => void) => Tap,
): Promise<Observation[]> {
  const kept: { name: string; tensor: Tensor }[] = [];
  try {
    tf.tidy(() => {
      const tap = statistics((name, value) => kept.push({ name, tensor: tf.keep(value.clone()) }));
      decoder(model.parameters, model.config, model.tokens, { tap });
    });
    const values = await readAll(kept.map(({ tensor }) => tensor));
    return kept.map(({ name }, i) => ({ name, values: values[i]! }));
  } finally {
    for (const { tensor } of kept) tensor.dispose();
  }
}

/** The layer in a name such as `blocks.3.resid_post`. */
export function layerOf(name: string): number {
  return Number(/^blocks\.(\d+)/.exec(name)?.[1] ?? 0);
}

/** The arithmetic mean. */
export function average(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
