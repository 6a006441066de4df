// What a sweep found, as charts take it: over two settings for a phase map, over one for lines.

import { requireOptions } from "../core/options.ts";
import { type Json, valueAt } from "../core/settings.ts";
import type { CellResult } from "./results.ts";

/** What was measured in a cell. */
export interface ChartRow {
  /** The residual variant, and what else is swept but not drawn along. */
  readonly variant: string;
  /** The setting from left to right. */
  readonly x: number;
  /** What was measured; NaN where it diverged. */
  readonly value: number;
  /** The cell's seed. */
  readonly seed: number;
}

/** {@linkcode ChartRow} over two settings. */
export interface MapRow extends ChartRow {
  /** The setting from bottom to top. */
  readonly y: number;
}

/** The settings along whose values a sweep is drawn, by place, such as `schedule.peak`. */
export interface ChartAxes {
  /** From left to right. */
  readonly x: string;
  /** From bottom to top, of a phase map. */
  readonly y?: string;
}

/** The value of a setting in a cell, also where it is not swept. */
const settingOf = ({ cell: { settings } }: CellResult, place: string): unknown =>
  valueAt(settings as unknown as Json, place);

/**
 * The settings along whose values a sweep can be drawn.
 *
 * @param results Its cells.
 * @returns The places of those that are swept and whose values are numbers, in the order of the file, the seed not among them.
 */
export function sweptNumbers(results: readonly CellResult[]): string[] {
  const places = new Set(results.flatMap(({ cell: { point } }) => Object.keys(point)));
  places.delete("seed");
  return [...places].filter((place) =>
    results.every((one) => typeof settingOf(one, place) === "number")
  );
}

function requireNumber(place: string, known: readonly string[]): void {
  if (known.includes(place)) return;
  throw new RangeError(
    `Cannot draw along ${place}: it must be one of ${
      known.join(", ") || "none: no number is swept"
    }`,
  );
}

/** What tells lines or panels apart. */
function variantOf({ cell: { point, settings } }: CellResult, along: readonly string[]): string {
  const others = Object.entries(point)
    .filter(([place]) => !["seed", "model.residual", ...along].includes(place))
    .map(([, value]) => typeof value === "string" ? value : JSON.stringify(value));
  return [settings.model.residual ?? "pre-ln", ...others].join(" ");
}

/**
 * The cells that are done, as rows of `phaseMap()`, over two settings.
 *
 * @param results The cells, and what they measured.
 * @param axes Along which settings.
 * @returns A row for each cell that is done or has diverged.
 * @throws {RangeError} If a setting is not swept, or has values that are no numbers.
 */
export function chartRows(
  results: readonly CellResult[],
  axes: ChartAxes & { readonly y: string },
): MapRow[];
/**
 * The cells that are done, as rows of `sweepChart()`, over one setting.
 *
 * @param results The cells, and what they measured.
 * @param axes Along which setting.
 * @returns A row for each cell that is done or has diverged.
 * @throws {RangeError} If a setting is not swept, or has values that are no numbers.
 */
export function chartRows(results: readonly CellResult[], axes: ChartAxes): ChartRow[];
export function chartRows(results: readonly CellResult[], axes: ChartAxes): ChartRow[] {
  requireOptions("chartRows()", axes, { x: "string", y: "string?" });
  const { x, y } = axes;
  const along = y === undefined ? [x] : [x, y];
  along.forEach((place) => requireNumber(place, sweptNumbers(results)));
  const numberOf = (one: CellResult, place: string): number => settingOf(one, place) as number;
  return results.filter(({ measured }) => measured !== undefined).map((one) => ({
    variant: variantOf(one, along),
    x: numberOf(one, x),
    ...(y === undefined ? {} : { y: numberOf(one, y) }),
    value: one.measured!,
    seed: one.cell.point["seed"] as number,
  }));
}
