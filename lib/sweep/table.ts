// What a sweep found, as a table: for each setting that is not a nuisance the best of those that are, with its seeds.

import { greatest } from "../core/extent.ts";
import { type Arm, armsOf } from "./arms.ts";
import { type SweepFile, usualMeasure } from "./file.ts";
import type { CellResult } from "./results.ts";
import type { SweepCell } from "./sweep.ts";

/** What was found at one setting that is not a nuisance. */
export interface TableRow {
  /** The settings that it is about. */
  readonly point: Readonly<Record<string, unknown>>;
  /** The nuisance parameters that do best there. */
  readonly best: Readonly<Record<string, unknown>>;
  /** The mean over seeds of what the sweep measures; absent where nothing is done, NaN where a seed diverged. */
  readonly mean?: number;
  /** The standard deviation over seeds; absent where fewer than two are done. */
  readonly deviation?: number;
  /** How many seeds are done. */
  readonly seeds: number;
  /** How many cells of all the nuisance parameters diverged. */
  readonly diverged: number;
}

function deviationOf({ values, mean }: Arm<SweepCell>): number | undefined {
  if (values.length < 2 || mean === undefined) return undefined;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

function rowOf(arms: readonly Arm<SweepCell>[], nuisance: readonly string[]): TableRow {
  const [first] = arms as readonly [Arm<SweepCell>];
  const entries = Object.entries(first.point);
  const deviation = deviationOf(first);
  return {
    point: Object.fromEntries(entries.filter(([place]) => !nuisance.includes(place))),
    best: Object.fromEntries(entries.filter(([place]) => nuisance.includes(place))),
    ...(first.mean === undefined ? {} : { mean: first.mean }),
    ...(deviation === undefined ? {} : { deviation }),
    seeds: first.values.length,
    diverged:
      arms.flatMap(({ values }) => values).filter((value) => !Number.isFinite(value)).length,
  };
}

/**
 * The table of a sweep.
 *
 * @param results Its cells, and what they measured.
 * @param file The sweep.
 * @returns A row for each setting that is not a nuisance, in the order of the file.
 */
export function tableOf(results: readonly CellResult[], file: SweepFile): readonly TableRow[] {
  return armsOf(results, file).map((arms) => rowOf(arms, file.nuisance ?? []));
}

const numberText = (value: number | undefined): string =>
  value === undefined ? "" : Number.isFinite(value) ? value.toPrecision(4) : "diverged";

/**
 * A table as text.
 *
 * @param rows Its rows.
 * @param file The sweep.
 * @returns Lines of columns; the names of settings are the last parts of their places.
 */
export function tableText(
  rows: readonly TableRow[],
  { measure = usualMeasure }: SweepFile,
): string {
  const textOf = (value: unknown): string =>
    typeof value === "string" ? value : JSON.stringify(value);
  const lastOf = (place: string): string => place.slice(place.lastIndexOf(".") + 1);
  const heads = (key: "point" | "best"): string[] => [
    ...new Set(rows.flatMap((row) => Object.keys(row[key]))),
  ];
  const [points, bests] = [heads("point"), heads("best")];
  const lines = [
    [
      ...points.map(lastOf),
      ...bests.map((place) => `best ${lastOf(place)}`),
      measure,
      "±",
      "seeds",
      "diverged",
    ],
    ...rows.map(({ point, best, mean, deviation, seeds, diverged }) => [
      ...points.map((place) => textOf(point[place]) ?? ""),
      ...bests.map((place) => mean === undefined ? "" : textOf(best[place]) ?? ""),
      numberText(mean),
      Number.isFinite(mean) ? numberText(deviation) : "",
      String(seeds),
      String(diverged),
    ]),
  ];
  const widths = lines[0]!.map((_, at) => greatest(lines.map((line) => line[at]!.length)));
  return lines.map((line) => line.map((word, at) => word.padEnd(widths[at]!)).join("  ").trimEnd())
    .join("\n");
}
