// The figures that `deno task reproduce` knows. To add one: a file beside this one, a line here.

import { UsageError } from "../../cli/command.ts";
import { atlas } from "./atlas.ts";
import type { TrainingFigure } from "./figure.ts";
import { forms } from "./forms.ts";
import { gpas } from "./gpas.ts";
import { residual } from "./residual.ts";
import { tolerance } from "./tolerance.ts";
import { updates } from "./updates.ts";
import { warmup } from "./warmup.ts";

/** All figures, in the order of their notebooks. */
export const figures: readonly TrainingFigure[] = [
  warmup,
  updates,
  tolerance,
  residual,
  forms,
  gpas,
  atlas,
];

/**
 * A figure by its id.
 *
 * @param id The id.
 * @returns The figure.
 * @throws {UsageError} If there is none.
 */
export function findFigure(id: string): TrainingFigure {
  const figure = figures.find((one) => one.id === id);
  if (figure === undefined) {
    const ids = figures.map((one) => one.id).join(", ");
    throw new UsageError(`Cannot reproduce "${id}": figures are ${ids}`);
  }
  return figure;
}
