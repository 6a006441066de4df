// What is guessed where something was hidden, and how often that is right.

import * as tf from "@tensorflow/tfjs";
import { takeAll } from "../backend/read.ts";
import type { Tensor } from "../core/tensor.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import type { Measured } from "../train/subject.ts";

/** The label of what is not to be guessed. */
export const ignore = -1;

/**
 * Measures guesses.
 *
 * @param batches Batches with the label of each place, `ignore` where nothing is hidden.
 * @param logits The logits of a batch, a row for each place.
 * @returns `nats` per hidden place, and the share that is right, `accuracy`.
 */
export async function measureGuesses<B extends { readonly labels: Int32Array }>(
  batches: Iterable<B>,
  logits: (batch: B) => Tensor,
): Promise<Measured> {
  let [count, right, nats] = [0, 0, 0];
  for (const batch of batches) {
    const { labels } = batch;
    const [losses, guesses] = await takeAll(tf.tidy(() => {
      const given = logits(batch);
      return [crossEntropy(given, labels, { ignore }), tf.argMax(given, -1)];
    }));
    const places = [...labels.keys()].filter((at) => labels[at] !== ignore);
    count += places.length;
    nats += losses![0]! * places.length;
    right += places.filter((at) => guesses![at] === labels[at]).length;
  }
  return { nats: nats / count, accuracy: right / count };
}
