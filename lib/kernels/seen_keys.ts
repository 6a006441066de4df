// Which keys a query of attention sees, the same for every backend: one stretch of them.

import type { AttentionAttributes } from "./contract.ts";

/** How many of everything there are, by the letters of the contract. */
export interface AttentionSizes {
  /** B, sequences. */
  readonly batch: number;
  /** T, queries of each. */
  readonly queries: number;
  /** S, keys of each. */
  readonly keys: number;
  /** H, heads. */
  readonly heads: number;
  /** G, heads of keys and values. */
  readonly groups: number;
  /** K, numbers in a head. */
  readonly width: number;
}

/**
 * The sizes of attention's inputs.
 *
 * @param q The shape of the queries, [B, T, H, K].
 * @param k The shape of the keys, [B, S, G, K].
 * @returns The sizes by name.
 */
export function attentionSizes(q: readonly number[], k: readonly number[]): AttentionSizes {
  const [batch, queries, heads, width] = q as [number, number, number, number];
  return { batch, queries, keys: k[1]!, heads, groups: k[2]!, width };
}

/** Bounds of what queries see: query i sees the keys j with i − back ≤ j ≤ i + ahead, 0 ≤ j < S. */
export interface Reach {
  /** How many keys before the place i. */
  readonly back: number;
  /** How many behind it. */
  readonly ahead: number;
}

/**
 * How far queries see, in numbers that fit an int32.
 *
 * @param attributes Of the kernel.
 * @param sizes Of its inputs.
 * @returns The bounds.
 */
export function reachOf(
  { causal, window }: AttentionAttributes,
  { queries, keys }: AttentionSizes,
): Reach {
  const far = queries + keys;
  const within = Math.min(window, far) - 1;
  const own = causal ? keys - queries : 0;
  return { back: within - own, ahead: causal ? own : within };
}
