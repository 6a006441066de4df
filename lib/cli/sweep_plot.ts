// `normkit sweep plot`: what a sweep found, as a phase map over two settings or as lines over one.

import { phaseMap, saveFigure, sweepChart } from "../plots/mod.ts";
import { chartRows, sweptNumbers } from "../sweep/chart_rows.ts";
import { usualMeasure } from "../sweep/file.ts";
import type { CellResult } from "../sweep/results.ts";
import type { Sweep } from "../sweep/sweep.ts";
import { understood, UsageError } from "./command.ts";

/** Where a sweep is drawn, and along which settings; the first that are numbers by default. */
export interface DrawOptions {
  /** The file. */
  readonly path: string;
  /** From left to right. */
  readonly x: string | undefined;
  /** From bottom to top. */
  readonly y: string | undefined;
}

/**
 * Draws a sweep, and saves the figure.
 *
 * @param sweep The sweep.
 * @param results Its cells, and what they measured.
 * @param how The file, and the settings along whose values it is drawn.
 * @throws {UsageError} If a setting is not swept, or is no number, or the file is of another kind.
 * @throws {RangeError} If nothing is done yet.
 */
export async function drawSweep(
  { file }: Sweep,
  results: readonly CellResult[],
  how: DrawOptions,
): Promise<void> {
  if (!/\.(svg|png)$/.test(how.path)) {
    throw new UsageError(`Cannot use --figure ${how.path}: it must end in .svg or .png`);
  }
  const known = sweptNumbers(results);
  const x = how.x ?? known.find((place) => place !== how.y) ?? "";
  const y = how.y ?? (how.x === undefined ? known.find((place) => place !== x) : undefined);
  const { measure: quantity = usualMeasure, title = "A sweep" } = file;
  const lines = understood(() => chartRows(results, { x }));
  const caption = `${lines.length} of ${results.length} cells`;
  const map = y === undefined ? undefined : understood(() => chartRows(results, { x, y }));
  if (lines.length === 0) throw new RangeError("Cannot draw a sweep of which no cell is done yet");
  const figure = map === undefined
    ? sweepChart(lines, { title, caption, setting: x, quantity, scale: "linear" })
    : phaseMap(map, { title, caption, x, y: y!, quantity });
  await saveFigure(figure, how.path);
}
