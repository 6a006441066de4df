// The softmax of attention scores under a causal mask, with its gradient.

import { type CpuKernel, type Plain, plainKernel } from "./plain_kernel.ts";

/** Calls `visit` with each query's first place and with the place after its last visible key. */
function eachQuery({ shape, values }: Plain, visit: (first: number, end: number) => void): void {
  const [, queries, keys] = shape as [number, number, number];
  for (let row = 0; row < values.length / keys; row++) {
    visit(row * keys, row * keys + (row % queries) + keys - queries + 1);
  }
}

/** A distribution over the visible keys, 0 at the others. */
export const causalSoftmaxKernel: CpuKernel<"NormkitCausalSoftmax"> = plainKernel(
  ([scores], { scale }) => {
    const pattern = new Float32Array(scores!.values.length);
    eachQuery(scores!, (first, end) => {
      let highest = -Infinity;
      for (let i = first; i < end; i++) highest = Math.max(highest, scale * scores!.values[i]!);
      const powers = Float64Array.from(
        scores!.values.subarray(first, end),
        (score) => Math.exp(scale * score - highest),
      );
      const total = powers.reduce((sum, power) => sum + power, 0);
      pattern.set(powers.map((power) => power / total), first);
    });
    return [{ shape: scores!.shape, values: pattern }];
  },
);

/** scale · p ⊙ (dy − Σ dy ⊙ p) */
export const causalSoftmaxGradientKernel: CpuKernel<"NormkitCausalSoftmaxGradient"> = plainKernel(
  ([dy, pattern], { scale }) => {
    const dScores = new Float32Array(pattern!.values.length);
    eachQuery(pattern!, (first, end) => {
      let along = 0;
      for (let i = first; i < end; i++) along += dy!.values[i]! * pattern!.values[i]!;
      for (let i = first; i < end; i++) {
        dScores[i] = scale * pattern!.values[i]! * (dy!.values[i]! - along);
      }
    });
    return [{ shape: pattern!.shape, values: dScores }];
  },
);
