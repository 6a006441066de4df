/**
 * Measured rows turned into one series per variant: the mean over seeds and its extremes.
 *
 * A point at which any seed is not finite becomes a gap, so that a mean never describes only the
 * seeds that survived.
 */
import { extent } from "../core/extent.ts";
import { checkMeasurements, type RowNames } from "./measurements.ts";
import { orderVariants, variantStyle } from "./palette.ts";

/** One measured value of one run. */
export interface Measurement {
  /** Variant id. */
  readonly variant: string;
  /** Place on the horizontal axis. */
  readonly x: number;
  /** Measured value; non-finite ones become gaps. */
  readonly value: number;
  /** Seed of the run; 0 when absent. */
  readonly seed?: number | undefined;
}

/** Mean and extremes over seeds at one place; all three are NaN where a value is not finite. */
export interface SeriesPoint {
  /** Place on the horizontal axis. */
  readonly x: number;
  /** Mean over seeds. */
  readonly mean: number;
  /** Least value over seeds. */
  readonly low: number;
  /** Greatest value over seeds. */
  readonly high: number;
}

/** The points of one variant, from left to right. */
export interface Series {
  /** Variant id. */
  readonly variant: string;
  /** Number of seeds behind each point. */
  readonly seeds: number;
  /** Points ordered by x. */
  readonly points: readonly SeriesPoint[];
}

/**
 * One series per variant, in palette order.
 *
 * @param rows Measured rows in any order.
 * @param names How messages name the rows.
 * @returns The series.
 * @throws {RangeError} If there is no row, no finite value, a place that is not a whole number from
 * 0 on, a place given twice for one seed, or a place that a seed lacks.
 */
export function toSeries(rows: readonly Measurement[], names: RowNames): Series[] {
  checkMeasurements(
    rows.map(({ x, value }) => ({ place: x, value })),
    names,
  );
  return orderVariants(rows.map(({ variant }) => variant)).map((variant) =>
    oneSeries(variant, rows.filter((row) => row.variant === variant), names)
  );
}

function oneSeries(variant: string, rows: readonly Measurement[], names: RowNames): Series {
  const { chart, place: x } = names;
  const { label } = variantStyle(variant);
  const seeds = [...new Set(rows.map(({ seed = 0 }) => seed))];
  const valuesAt = new Map<number, Map<number, number>>();
  for (const { x: place, value, seed = 0 } of rows) {
    const values = valuesAt.get(place) ?? new Map<number, number>();
    if (values.has(seed)) {
      throw new RangeError(
        `Cannot draw ${chart} of ${label}: ${x} ${place} is given twice for seed ${seed}, ` +
          `each ${x} must occur once per seed`,
      );
    }
    valuesAt.set(place, values.set(seed, value));
  }
  const points = [...valuesAt].sort(([a], [b]) => a - b).map(([place, values]) => {
    const missing = seeds.find((seed) => !values.has(seed));
    if (missing !== undefined) {
      throw new RangeError(
        `Cannot draw ${chart} of ${label}: ${x} ${place} is missing for seed ${missing}, every ` +
          `seed must have the same ${x}s (NaN marks a value that was not finite)`,
      );
    }
    return summarize(place, [...values.values()]);
  });
  return { variant, seeds: seeds.length, points };
}

function summarize(x: number, values: readonly number[]): SeriesPoint {
  if (!values.every(Number.isFinite)) return { x, mean: NaN, low: NaN, high: NaN };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [low, high] = extent(values);
  return { x, mean, low, high };
}
