/**
 * Cross entropy in float64, value and gradient.
 *
 * @module
 */
import { mean, type Rows, sum, zipRows } from "./rows.ts";

/** The probabilities of one row of logits. */
export function softmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - highest));
  const total = sum(powers);
  return powers.map((value) => value / total);
}

/** The mean over rows of `log Σ exp(logits) − logits[target]`, in nats. */
export function crossEntropy(logits: Rows, targets: readonly number[]): number {
  return mean(logits.map((row, index) => {
    const highest = Math.max(...row);
    const logTotal = highest + Math.log(sum(row.map((value) => Math.exp(value - highest))));
    return logTotal - (row[targets[index] as number] as number);
  }));
}

/** The gradient of {@linkcode crossEntropy} to the logits: `(softmax − onehot) / rows`. */
export function crossEntropyGrad(logits: Rows, targets: readonly number[]): number[][] {
  return zipRows(
    logits,
    targets.map((target) => [target]),
    (row, [target]) => softmax(row).map((p, v) => (p - (v === target ? 1 : 0)) / logits.length),
  );
}
