// The mean cross entropy of integer labels, and its gradient.

import { logarithm } from "./math";
import { largest, multiplyBy, powers } from "./softmax";

/** The rows `first` to `first + count − 1` of log Σ exp, and their losses in float64. */
export function crossEntropy(
  logits: usize,
  labels: usize,
  losses: usize,
  logs: usize,
  classes: i32,
  first: i32,
  count: i32,
): void {
  for (let row = first; row < first + count; row++) {
    const x = logits + usize(row) * usize(classes) * 4;
    const high = largest(x, 1, classes);
    const log = logarithm(f64(powers(x, 1, high, 0, classes)));
    const label = load<i32>(labels + usize(row) * 4);
    store<f64>(losses + usize(row) * 8, f64(high) - f64(load<f32>(x + usize(label) * 4)) + log);
    store<f32>(logs + usize(row) * 4, f32(f64(high) + log));
  }
}

/** The same rows of scale · (softmax(logits) − onehot(label)). */
export function crossEntropyGradient(
  logits: usize,
  labels: usize,
  logs: usize,
  dLogits: usize,
  scale: f32,
  classes: i32,
  first: i32,
  count: i32,
): void {
  for (let row = first; row < first + count; row++) {
    const at = usize(row) * usize(classes) * 4;
    const log = load<f32>(logs + usize(row) * 4);
    // a log of hundreds is rounded so much that its powers do not sum to 1
    const sum = powers(logits + at, 1, log, dLogits + at, classes);
    multiplyBy(dLogits + at, scale / sum, classes);
    const picked = dLogits + at + usize(load<i32>(labels + usize(row) * 4)) * 4;
    store<f32>(picked, load<f32>(picked) - scale);
  }
}
