// The cells of a sweep that differ in their seeds alone, and which of them are the best for each of the others.

import { groupBy } from "../core/collections.ts";
import type { SweepFile } from "./file.ts";
import type { Point } from "./points.ts";
import type { Cell } from "./trainer.ts";

/** A cell with what it measured; undefined where it has not yet. */
export interface Measured<C> {
  /** Which one it is. */
  readonly cell: C;
  /** What it measured; not finite where it diverged. */
  readonly measured?: number | undefined;
}

/** Cells that differ in their seeds alone. */
export interface Arm<C> {
  /** What they have in common. */
  readonly point: Point;
  /** They, in the order of their seeds. */
  readonly cells: readonly C[];
  /** What those that are done measured. */
  readonly values: readonly number[];
  /** The mean over their seeds; undefined where none is done, NaN where one diverged. */
  readonly mean: number | undefined;
}

type Placed = Cell & { readonly point: Point };

/** A point without some of its places. */
function without(point: Point, places: readonly string[]): Point {
  return Object.fromEntries(Object.entries(point).filter(([place]) => !places.includes(place)));
}

function armOf<C extends Placed>(cells: readonly Measured<C>[]): Arm<C> {
  const values = cells.flatMap(({ measured }) => measured === undefined ? [] : [measured]);
  const sum = values.reduce((total, value) => total + value, 0);
  const mean = values.length === 0 ? undefined : Number.isFinite(sum) ? sum / values.length : NaN;
  return {
    point: without(cells[0]!.cell.point, ["seed"]),
    cells: cells.map(({ cell }) => cell),
    values,
    mean,
  };
}

/**
 * The arms of a sweep, side by side where they differ in nuisance parameters alone.
 *
 * @param cells The cells, and what they measured.
 * @param file The sweep.
 * @returns Groups of arms, each with the best first; those that diverged or measured nothing come last.
 */
export function armsOf<C extends Placed>(
  cells: readonly Measured<C>[],
  { nuisance = [], best = "lowest" }: SweepFile,
): readonly (readonly Arm<C>[])[] {
  const sign = best === "highest" ? -1 : 1;
  const rank = ({ mean }: Arm<C>): number =>
    mean !== undefined && Number.isFinite(mean) ? sign * mean : Infinity;
  const key = (places: readonly string[]) => ({ cell }: Measured<C>): string =>
    JSON.stringify(without(cell.point, places));
  return [...groupBy(cells, key(["seed", ...nuisance])).values()].map((group) =>
    [...groupBy(group, key(["seed"])).values()].map(armOf)
      .sort((a, b) => rank(a) === rank(b) ? 0 : rank(a) - rank(b))
  );
}
