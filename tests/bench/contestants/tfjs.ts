// Computations on tfjs's tensors as runners: normkit's operations, fused or composed, and tfjs's own.

import * as tf from "@tensorflow/tfjs";
import { takeNumbers, type Tensor } from "@normkit/normkit";
import { inProcess, type Runner } from "../timing/contestant.ts";

/** Waits for a tensor by reading its first number; the backend works in order. */
export async function readOne(tensor: Tensor): Promise<void> {
  await takeNumbers([tf.tidy(() => tf.slice(tf.reshape(tensor, [-1]), 0, 1))]);
}

/**
 * A function of held tensors as a runner.
 *
 * @param held The inputs; they are freed at the end.
 * @param run Computes tensors from them.
 * @returns The runner.
 */
export function tensorRunner(held: readonly Tensor[], run: () => Tensor | Tensor[]): Runner {
  return inProcess<Tensor[]>({
    run: () => [tf.tidy(run)].flat(),
    read: ([first]) => readOne(first!),
    free: (results) => tf.dispose(results),
    dispose: () => tf.dispose([...held]),
  });
}
