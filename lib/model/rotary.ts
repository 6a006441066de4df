// How fast the pairs of a head turn, by the length of what is read.

import type { Rotary } from "./spec.ts";

/** base^(−2p/width) of each pair p: the speeds of positions that are not stretched. */
export function plainSpeeds({ width, base }: Pick<Rotary, "width" | "base">): number[] {
  return Array.from({ length: width / 2 }, (_, p) => base ** (-2 * p / width));
}

/** The speeds up to the length beyond which others hold. */
export function usualSpeeds(rotary: Rotary): readonly number[] {
  return rotary.speeds ?? plainSpeeds(rotary);
}

/**
 * Powers −2p/(width − 2) of each pair p. With a base that grows, a speed is its usual one times the growth to this power.
 * Source: dynamic NTK scaling, as transformers has it.
 */
export function growthPowers({ width }: Pick<Rotary, "width">): number[] {
  return Array.from({ length: width / 2 }, (_, p) => -2 * p / (width - 2));
}

/**
 * How fast each pair turns.
 *
 * @param rotary The rotary positions.
 * @param length How many places are read, those of earlier tokens among them.
 * @returns Radians from one place to the next, of each pair.
 */
export function speedsOf(rotary: Rotary, length: number): readonly number[] {
  const { beyond } = rotary;
  const usual = usualSpeeds(rotary);
  if (beyond === undefined || length <= beyond.length) return usual;
  if ("speeds" in beyond) return beyond.speeds;
  const growth = beyond.factor * (length / beyond.length - 1) + 1;
  return growthPowers(rotary).map((power, p) => usual[p]! * growth ** power);
}

/** By how much each pair of each token turns whose place is one of a grid: [tokens, width/2]. */
export function gridAngles({ width, base }: Rotary, grid: NonNullable<Rotary["grid"]>): number[] {
  const { rows, columns, before } = grid;
  const half = width / 4;
  return Array.from({ length: (before + rows * columns) * width / 2 }, (_, at) => {
    const [token, p] = [Math.floor(at / (width / 2)) - before, at % (width / 2)];
    if (token < 0) return 0;
    const [row, column] = [Math.floor(token / columns), token % columns];
    const place = p < half ? (row + 0.5) / rows : (column + 0.5) / columns;
    return 2 * Math.PI * (2 * place - 1) * base ** (-4 * (p % half) / width);
  });
}
