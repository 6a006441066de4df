// ALiBi as transformers rounds it for Falcon.

import { decodeNumbers, encodeNumbers } from "../checkpoint/dtype.ts";
import type { Attention } from "./spec.ts";

/** Numbers as bfloat16 holds them. */
export function inBfloat16(numbers: Iterable<number>): Float64Array {
  return decodeNumbers("BF16", encodeNumbers("BF16", Float64Array.from(numbers)));
}

/**
 * What rounded ALiBi adds to scores: the same for every query.
 *
 * @param attention The attention, with slopes.
 * @param keys The number of keys.
 * @returns Of each head the numbers of keys 0, 1, ….
 */
export function roundedAlibi(
  { alibi = [], alibiRounding = 1 }: Pick<Attention, "alibi" | "alibiRounding">,
  keys: number,
): Float64Array[] {
  const places = inBfloat16(Array.from({ length: keys }, (_, key) => key));
  return [...inBfloat16(alibi)].map((slope) =>
    inBfloat16(places.map((place) => slope * place)).map((value) => value * alibiRounding)
  );
}
