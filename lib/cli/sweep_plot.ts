// `normkit sweep plot`: what a sweep found, as a phase map over two settings or as lines over one.

import { phaseMap, saveFigure, sweepChart } from "../plots/mod.ts";
import { sweptPlaces } from "../sweep/file.ts";
import type { CellResult } from "../sweep/results.ts";
import type { Sweep } from "../sweep/sweep.ts";
import { UsageError } from "./command.ts";

/** The settings along whose values a sweep can be drawn. */
function numbersOf({ file, cells }: Sweep): string[] {
  return sweptPlaces(file).filter((place) =>
    cells.every(({ point }) => !Object.hasOwn(point, place) || typeof point[place] === "number")
  );
}

function requireNumber(place: string, known: readonly string[]): string {
  if (known.includes(place)) return place;
  throw new UsageError(
    `Cannot draw along ${place}: it must be one of ${
      known.join(", ") || "none: no number is swept"
    }`,
  );
}

/** What tells the lines or the panels: the variant, and what else is swept. */
function nameOf({ point, settings }: CellResult["cell"], along: readonly string[]): string {
  const others = Object.entries(point)
    .filter(([place]) => !["seed", "model.residual", ...along].includes(place))
    .map(([, value]) => typeof value === "string" ? value : JSON.stringify(value));
  return [settings.model.residual ?? "pre-ln", ...others].join(" ");
}

/**
 * Draws a sweep, and saves the figure.
 *
 * @param sweep The sweep.
 * @param results Its cells, and what they measured.
 * @param how The file, and the settings along whose values it is drawn; the first ones that are numbers by default.
 * @throws {UsageError} If a setting is not swept, or is no number, or the file is of another kind.
 * @throws {RangeError} If nothing is done yet.
 */
export async function drawSweep(
  sweep: Sweep,
  results: readonly CellResult[],
  how: { readonly path: string; readonly x: string | undefined; readonly y: string | undefined },
): Promise<void> {
  if (!/\.(svg|png)$/.test(how.path)) {
    throw new UsageError(`Cannot use --figure ${how.path}: it must end in .svg or .png`);
  }
  const known = numbersOf(sweep);
  const y = how.y === undefined ? undefined : requireNumber(how.y, known);
  const x = requireNumber(how.x ?? known.find((place) => place !== y) ?? "", known);
  const second = y ?? (how.x === undefined ? known.find((place) => place !== x) : undefined);
  const { measure = "nats", title = "A sweep" } = sweep.file;
  const done = results.filter(({ measured }) => measured !== undefined);
  if (done.length === 0) throw new RangeError("Cannot draw a sweep of which no cell is done yet");
  const along = second === undefined ? [x] : [x, second];
  const rows = done.map(({ cell, measured }) => ({
    variant: nameOf(cell, along),
    x: cell.point[x] as number,
    value: measured!,
    seed: cell.point["seed"] as number,
    cell,
  }));
  const words = { title, caption: `${done.length} of ${results.length} cells` };
  const figure = second === undefined
    ? sweepChart(rows.map(({ cell: _, ...row }) => row), {
      ...words,
      setting: x,
      quantity: measure,
      scale: "linear",
    })
    : phaseMap(
      rows.map(({ variant, x, value, cell }) => (
        { variant, x, y: cell.point[second] as number, value }
      )),
      { ...words, x, y: second, quantity: measure },
    );
  await saveFigure(figure, how.path);
}
