/**
 * Cross entropy in float64, value and gradient.
 *
 * @module
 */
import { mean, type Rows, sum } from "./rows.ts";

/** The probabilities of one row of logits. */
export function softmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - highest));
  const total = sum(powers);
  return powers.map((value) => value / total);
}

/** Which rows count, and ε of label smoothing. */
export interface Targets {
  readonly ignore?: number;
  readonly smoothing?: number;
}

/** What a row of V logits is compared with: `(1 − ε) onehot(target) + ε / V`. */
function distribution(target: number, classes: number, smoothing: number): number[] {
  return Array.from(
    { length: classes },
    (_, v) => (v === target ? 1 - smoothing : 0) + smoothing / classes,
  );
}

/** The mean over rows of `−Σ_v q_v log softmax(logits)_v`, in nats; q as above. */
export function crossEntropy(
  logits: Rows,
  targets: readonly number[],
  { ignore, smoothing = 0 }: Targets = {},
): number {
  return mean(logits.flatMap((row, index) => {
    const target = targets[index]!;
    if (target === ignore) return [];
    const highest = Math.max(...row);
    const logTotal = highest + Math.log(sum(row.map((value) => Math.exp(value - highest))));
    const q = distribution(target, row.length, smoothing);
    return sum(q.map((share, v) => share === 0 ? 0 : share * (logTotal - row[v]!)));
  }));
}

/** The gradient of {@linkcode crossEntropy} to the logits: `(softmax − q) / rows`, 0 for rows that do not count. */
export function crossEntropyGrad(
  logits: Rows,
  targets: readonly number[],
  { ignore, smoothing = 0 }: Targets = {},
): number[][] {
  const rows = targets.filter((target) => target !== ignore).length;
  return logits.map((row, index) => {
    const target = targets[index]!;
    if (target === ignore) return row.map(() => 0);
    const q = distribution(target, row.length, smoothing);
    return softmax(row).map((p, v) => (p - q[v]!) / rows);
  });
}
