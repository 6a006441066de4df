// The list of all variants and the way from an id to one.

import type { Residual } from "./types.ts";
import { withGpas } from "./gpas.ts";
import {
  deepNorm,
  lns,
  lnsGain,
  mixLn,
  periLn,
  postLn,
  preLn,
  resiDual,
  sandwichLn,
  subLn,
} from "./variants.ts";

/** Every variant, in a fixed order: new ones are appended, since colors follow it. */
export const residuals: readonly Residual[] = [
  postLn,
  preLn,
  subLn,
  deepNorm,
  sandwichLn,
  resiDual,
  mixLn,
  lns,
  lnsGain,
  periLn,
];

/**
 * The variant of an id.
 *
 * @param id An id of {@linkcode residuals}, with `+gpas` for gates on it.
 * @returns The variant.
 * @throws {RangeError} If there is none of that id.
 */
export function findResidual(id: string): Residual {
  const [name, modifier, ...rest] = id.split("+");
  const base = residuals.find((residual) => residual.id === name);
  if (base === undefined || (modifier ?? "gpas") !== "gpas" || rest.length > 0) {
    const known = residuals.map((residual) => residual.id).join(", ");
    throw new RangeError(
      `Cannot find the residual variant "${id}": known are ${known}, each also with "+gpas"`,
    );
  }
  return modifier === undefined ? base : withGpas(base);
}
