// The list of all variants and the way from an id to one.

import { excerpt } from "../core/excerpt.ts";
import { splitVariantId } from "./gate_id.ts";
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
  resPostNorm,
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
  resPostNorm,
];

/**
 * The variant of an id.
 *
 * @param id An id of {@linkcode residuals}, with `+gpas` for gates on it: `pre-ln+gpas`, or with another function of the gates
 * than SiLU and a gate for each sub-layer `pre-ln+gpas-tanh-site`.
 * @returns The variant.
 * @throws {RangeError} If there is none of that id.
 */
export function findResidual(id: string): Residual {
  const found = lookUp(id);
  if (found === undefined) {
    const known = residuals.map((residual) => residual.id).join(", ");
    throw new RangeError(
      `Cannot find the residual variant ${
        excerpt(id)
      }: known are ${known}, each also with "+gpas", ` +
        `which may name another function of the gates and a gate for each sub-layer, such as "+gpas-tanh-site"`,
    );
  }
  return found;
}

/**
 * Whether an id tells all of a variant: it is an object of the registry, or made of one by `withGpas`.
 *
 * @param residual The variant.
 * @returns False for an object of one's own, also where its id is one of the registry.
 */
export function isRegistered(residual: Residual): boolean {
  return lookUp(residual.id) === residual;
}

function lookUp(id: string): Residual | undefined {
  const { base: name, gating } = splitVariantId(id);
  const base = residuals.find((residual) => residual.id === name);
  return base === undefined || gating === undefined ? base : withGpas(base, gating);
}
