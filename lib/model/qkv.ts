// Where queries, keys and values lie in what one matrix gives.

import type { Attention, QkvOrder } from "./spec.ts";

/** Which numbers of a part: so many from the first on. */
export type Span = readonly [first: number, count: number];

/** Parts of equal length, each of which holds some queries, keys and values. */
export interface QkvParts {
  /** How many parts there are. */
  readonly parts: number;
  /** How many numbers each has. */
  readonly period: number;
  /** Where its queries are. */
  readonly q: Span;
  /** Where its keys are. */
  readonly k: Span;
  /** Where its values are. */
  readonly v: Span;
}

/**
 * The parts of an order.
 *
 * @param order The order.
 * @param attention Heads and their width.
 * @returns How many parts there are, and what each holds where.
 */
export function qkvParts(
  order: QkvOrder,
  { heads, keyValueHeads, headWidth }: Attention,
): QkvParts {
  const counts = { blocks: 1, quarters: 4, heads: keyValueHeads, groups: keyValueHeads };
  const parts = counts[order];
  const queries = heads / parts * headWidth;
  const keys = keyValueHeads / parts * headWidth;
  const [second, third]: readonly Span[] = [[queries, keys], [queries + keys, keys]];
  const [k, v] = order === "quarters" ? [third!, second!] : [second!, third!];
  return { parts, period: queries + 2 * keys, q: [0, queries], k, v };
}
