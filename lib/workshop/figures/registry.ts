// The figures that `deno task reproduce` knows. To add one: a file beside this one, a line here.

import { UsageError } from "../../cli/command.ts";
import { mobyDick } from "../../data/moby_dick.ts";
import { readTask } from "../../tasks/registry.ts";
import { atlas } from "./atlas.ts";
import { decoderTrainer, taskTrainer, type Trainer } from "../../sweep/trainer.ts";
import { depth } from "./depth.ts";
import type { TrainingFigure } from "./figure.ts";
import { forms } from "./forms.ts";
import { gpas } from "./gpas.ts";
import { residual } from "./residual.ts";
import { type TaskFigure, taskFigures } from "./tasks.ts";
import { tolerance } from "./tolerance.ts";
import { updates } from "./updates.ts";
import { warmup } from "./warmup.ts";
import { warmupLength } from "./warmup_length.ts";

/** A figure of decoders, or of a task. */
export type AnyFigure = TrainingFigure | TaskFigure;

/** All figures, in the order of their notebooks. */
export const figures: readonly AnyFigure[] = [
  warmup,
  warmupLength,
  updates,
  tolerance,
  residual,
  depth,
  forms,
  gpas,
  atlas,
  ...taskFigures,
];

/**
 * A figure by its id.
 *
 * @param id The id.
 * @returns The figure.
 * @throws {UsageError} If there is none.
 */
export function findFigure(id: string): AnyFigure {
  const figure = figures.find((one) => one.id === id);
  if (figure === undefined) {
    const ids = figures.map((one) => one.id).join(", ");
    throw new UsageError(`Cannot reproduce "${id}": figures are ${ids}`);
  }
  return figure;
}

/**
 * What trains the runs of a figure.
 *
 * @param figure The figure.
 * @returns Its trainer, on the figure's data.
 * @throws {RangeError} If the data cannot be read.
 */
export async function trainerOf(figure: AnyFigure): Promise<Trainer> {
  if ("probes" in figure) {
    const { trainer = decoderTrainer } = figure;
    return trainer(await mobyDick(), figure);
  }
  return taskTrainer(await readTask(figure.grids[0]!.settings));
}
