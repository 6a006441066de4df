// What must hold before a training starts, whatever it trains.

import { isRegistered } from "../residual/registry.ts";
import type { Residual } from "../residual/types.ts";
import { requireRoomFor, type Start } from "../transformer/blueprint.ts";
import type { RunSettings } from "./record.ts";

/**
 * The variant of one's own, where there is one.
 *
 * @param named The id that the settings name.
 * @param residual The variant that is given beside them.
 * @returns It, unless it is the registry's of that id.
 * @throws {RangeError} If the settings name another one.
 */
export function ownVariant(
  named: string | undefined,
  residual: Residual | undefined,
): Residual | undefined {
  if (residual === undefined) return undefined;
  if (residual.id === named) return isRegistered(residual) ? undefined : residual;
  throw new RangeError(
    `Cannot train the variant "${residual.id}" under settings that name ` +
      `${named === undefined ? "none" : `"${named}"`}: the ids must be equal`,
  );
}

/**
 * Requires room for what a training holds at the least: the parameters, their gradient, and the optimizer's moments.
 *
 * @param starts The parameters.
 * @param settings The settings of the run.
 * @throws {RangeError} If there are too many parameters for any machine.
 * @throws {OutOfMemoryError} If the backend has no room for them.
 */
export function requireRoomToTrain(
  starts: ReadonlyMap<string, Start>,
  { optimizer }: RunSettings,
): void {
  const moments = optimizer?.kind === "sgd" ? 0 : 2;
  requireRoomFor(starts, 2 + moments);
}
