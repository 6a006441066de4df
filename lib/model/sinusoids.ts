// Positions that are computed: sines and cosines of the place at falling speeds.

import type { EntryOf } from "./interpreter.ts";
import type { Sinusoids } from "./spec.ts";

/** Radians from one place to the next, of each sine and its cosine: 10000^(−p/steps). */
export function sinusoidSpeeds({ steps }: Sinusoids, width: number): number[] {
  return Array.from({ length: width / 2 }, (_, p) => 10000 ** (-p / steps));
}

/**
 * The places of tokens.
 *
 * @param entry The entry that reads them.
 * @param tokens The tokens, one text.
 * @param first How many tokens came before.
 * @returns Their places; −1 is none.
 */
export function tokenPlaces(
  { padding, offset }: EntryOf<"tokens">,
  tokens: ArrayLike<number>,
  first = 0,
): number[] {
  let next = offset + first;
  return Array.from(tokens, (token) => token === padding ? -1 : next++);
}

/**
 * The rows of a table of positions that tokens take.
 *
 * @param entry The entry that reads them.
 * @param tokens The tokens, one text.
 * @returns The rows; of tokens that are not counted the one before the first.
 */
export function placeRows(entry: EntryOf<"tokens">, tokens: ArrayLike<number>): number[] {
  return tokenPlaces(entry, tokens).map((place) => place < 0 ? entry.offset - 1 : place);
}

/**
 * Rows of sines, then cosines; of zeros where there is no place.
 *
 * Source: Vaswani et al. 2017, §3.5, with the halves side by side as fairseq and Marian have them.
 *
 * @param sinusoids How fast they turn.
 * @param width The width of a row.
 * @param places The places.
 * @returns Their numbers, row after row.
 * @throws {RangeError} If the width is odd.
 */
export function sinusoidRows(
  sinusoids: Sinusoids,
  width: number,
  places: readonly number[],
): Float64Array {
  if (width % 2 !== 0) {
    throw new RangeError(`Cannot compute positions of ${width} numbers: they must be pairs`);
  }
  const speeds = sinusoidSpeeds(sinusoids, width);
  const rows = new Float64Array(places.length * width);
  for (const [row, place] of places.entries()) {
    if (place < 0) continue;
    for (const [p, speed] of speeds.entries()) {
      rows[row * width + p] = Math.sin(place * speed);
      rows[row * width + width / 2 + p] = Math.cos(place * speed);
    }
  }
  return rows;
}
