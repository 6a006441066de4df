// Named activations of a run as plain numbers.

import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../lib/backend/mod.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { Tap } from "../../lib/decoder/mod.ts";

/** Runs `run` in a scope of its own and reads what it taps, and what it returns under the name `out`. */
export async function tapsOf(run: (tap: Tap) => Tensor): Promise<ReadonlyMap<string, number[]>> {
  const kept = new Map<string, Tensor>();
  const keep: Tap = (name, value) => kept.set(name, tf.keep(value.clone()));
  tf.tidy(() => keep("out", run(keep)));
  try {
    const values = await readAll([...kept.values()]);
    return new Map([...kept.keys()].map((name, index) => [name, Array.from(values[index]!)]));
  } finally {
    tf.dispose([...kept.values()]);
  }
}
