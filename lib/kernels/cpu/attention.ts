// Attention without its pattern in memory, and its gradient: one query after the other.

import { attentionSizes, reachOf } from "../seen_keys.ts";
import type { AttentionAttributes } from "../contract.ts";
import { type CpuKernel, type Plain, plainKernel } from "./plain_kernel.ts";

/** A query: where its numbers and those of its keys begin, and which keys it sees. */
interface Query {
  /** The place of its log Σ exp. */
  readonly row: number;
  /** The first number of its head in q and y. */
  readonly at: number;
  /** Its keys. */
  readonly first: number;
  readonly end: number;
  /** The first number of the key j in k and v. */
  keyAt(j: number): number;
}

/** Calls `visit` with each query. */
function eachQuery(
  q: Plain,
  k: Plain,
  counts: Plain | undefined,
  attributes: AttentionAttributes,
  visit: (query: Query) => void,
): void {
  const sizes = attentionSizes(q.shape, k.shape);
  const { batch, queries, keys, heads, groups, width } = sizes;
  const { back, ahead } = reachOf(attributes, sizes);
  for (let row = 0; row < batch * queries * heads; row++) {
    const sequence = Math.floor(row / (queries * heads));
    const i = Math.floor(row / heads) % queries;
    const group = Math.floor((row % heads) * groups / heads);
    visit({
      row,
      at: row * width,
      first: Math.max(0, i - back),
      end: Math.min(counts?.values[sequence] ?? keys, keys, i + ahead + 1),
      keyAt: (j) => ((sequence * keys + j) * groups + group) * width,
    });
  }
}

/** Σ a ⊙ b over the numbers of a head. */
function dot(a: Plain, aAt: number, b: Plain, bAt: number): number {
  const width = a.shape.at(-1)!;
  let sum = 0;
  for (let at = 0; at < width; at++) sum += a.values[aAt + at]! * b.values[bAt + at]!;
  return sum;
}

/** Adds factor · x, a head's numbers of it, to a sum. */
function addTo(sum: Float64Array, sumAt: number, factor: number, x: Plain, xAt: number): void {
  const width = x.shape.at(-1)!;
  for (let at = 0; at < width; at++) sum[sumAt + at]! += factor * x.values[xAt + at]!;
}

/** y = Σ softmax(scale · q kᵀ) v over the keys that a query sees, and log Σ exp of its scores. */
export const attentionKernel: CpuKernel<"NormkitAttention"> = plainKernel(
  ([q, k, v, counts], attributes) => {
    const y = new Float64Array(q!.values.length);
    const logSumExp = new Float32Array(y.length / q!.shape.at(-1)!);
    eachQuery(q!, k!, counts, attributes, ({ row, at, first, end, keyAt }) => {
      if (end <= first) return;
      const scores = Float64Array.from(
        { length: end - first },
        (_, j) => attributes.scale * dot(q!, at, k!, keyAt(first + j)),
      );
      const highest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
      const powers = scores.map((score) => Math.exp(score - highest));
      const total = powers.reduce((sum, power) => sum + power, 0);
      powers.forEach((power, j) => addTo(y, at, power / total, v!, keyAt(first + j)));
      logSumExp[row] = highest + Math.log(total);
    });
    return [
      { shape: q!.shape, values: Float32Array.from(y) },
      { shape: q!.shape.slice(0, -1), values: logSumExp },
    ];
  },
);

/** With p = exp(scale · q kᵀ − logSumExp) and ds = scale · p ⊙ (dy vᵀ − Σ dy ⊙ y): dq = ds k, dk = dsᵀ q, dv = pᵀ dy. */
export const attentionGradientKernel: CpuKernel<"NormkitAttentionGradient"> = plainKernel(
  ([dy, q, k, v, y, logSumExp, counts], attributes) => {
    const dq = new Float64Array(q!.values.length);
    const [dk, dv] = [new Float64Array(k!.values.length), new Float64Array(v!.values.length)];
    eachQuery(q!, k!, counts, attributes, ({ row, at, first, end, keyAt }) => {
      const along = dot(dy!, at, y!, at);
      for (let j = first; j < end; j++) {
        const key = keyAt(j);
        const score = attributes.scale * dot(q!, at, k!, key);
        const share = Math.exp(score - logSumExp!.values[row]!);
        const slope = attributes.scale * share * (dot(dy!, at, v!, key) - along);
        addTo(dq, at, slope, k!, key);
        addTo(dk, key, slope, q!, at);
        addTo(dv, key, share, dy!, at);
      }
    });
    return [[q!, dq] as const, [k!, dk] as const, [v!, dv] as const].map(([{ shape }, values]) => ({
      shape,
      values: Float32Array.from(values),
    }));
  },
);
