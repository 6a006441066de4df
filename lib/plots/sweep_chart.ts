/** A quantity against a setting that is swept, on a log axis, one line per variant: depth, width, learning rate. */
import { requireEach, requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions } from "./card.ts";
import type { Figure } from "./figure.ts";
import { lineChart } from "./line_chart.ts";
import { nonFiniteNotes } from "./measurements.ts";
import { type Series, toSeries } from "./series.ts";

/** One value measured at one setting. */
export interface SweepRow {
  /** Variant id, such as `pre-ln`; an id that the palette does not know is drawn in dark gray. */
  readonly variant: string;
  /** The setting, more than 0, such as a depth or a learning rate. */
  readonly x: number;
  /** Measured value; NaN or ±∞ becomes a gap. */
  readonly value: number;
  /** Seed of the measurement; 0 when absent. */
  readonly seed?: number;
}

/** A predicted curve over the setting. */
export interface Prediction {
  /** Name shown at the curve's end. */
  readonly label: string;
  /** Predicted values. */
  readonly values: readonly { readonly x: number; readonly value: number }[];
}

/** The words of a sweep chart, its setting, its quantity and its predictions. */
export interface SweepOptions extends CardOptions {
  /** What is swept, with its unit, for example `Layers L`. */
  readonly setting: string;
  /** What is measured, with its unit, for example `Loss (nats per token)`. */
  readonly quantity: string;
  /** Kind of the vertical scale; the horizontal one is a log scale. */
  readonly scale: "linear" | "log";
  /** Gray predicted curves. */
  readonly theory?: readonly Prediction[];
}

/**
 * A quantity against a swept setting: a marker and a tick at each setting that was tried, a band over seeds, theory in gray.
 *
 * A setting at which any seed's value is not finite is a gap, counted in the caption.
 *
 * @param rows Measured values in any order; every seed of a variant has the same settings.
 * @param options Title (the finding), setting, quantity, scale, theory.
 * @returns The figure.
 * @throws {RangeError} If there is no row or no finite value, a setting is not a finite number above 0, doubled or missing for a
 * seed, theory is not finite, a log scale meets a value ≤ 0, or the title is blank.
 */
export function sweepChart(rows: readonly SweepRow[], options: SweepOptions): Figure {
  requireRows("sweepChart()", rows);
  requireOptions("sweepChart()", options, {
    ...cardKinds,
    setting: "string",
    quantity: "string",
    scale: "string",
    theory: "list?",
  });
  requireEach("the theory of sweepChart()", options.theory ?? [], {
    label: "string",
    values: "list",
  });
  const { setting, quantity, scale, theory = [] } = options;
  const settings = [...new Set(rows.map(({ x }) => x))].sort((a, b) => a - b);
  const refused = [...settings, ...theory.flatMap(({ values }) => values.map(({ x }) => x))]
    .find((x) => !(Number.isFinite(x) && x > 0));
  if (refused !== undefined) {
    throw new RangeError(
      `Cannot draw a sweep at ${setting} ${refused}: a log axis holds finite numbers above 0`,
    );
  }
  return lineChart({
    series: seriesOver(settings, rows),
    guides: theory.map(({ label, values }) => ({
      label,
      points: values.map(({ x, value }) => ({ x, y: value })),
    })),
    xLabel: `${setting}, log scale`,
    xTicks: settings,
    yLabel: scale === "log" ? `${quantity}, log scale` : quantity,
    scale,
    markerEvery: 1,
    notes: nonFiniteNotes(rows.map(({ value }) => value)),
  }, options);
}

/** Series are made over whole places: the settings by their order. */
function seriesOver(settings: readonly number[], rows: readonly SweepRow[]): Series[] {
  const placeOf = new Map(settings.map((x, place) => [x, place]));
  const places = rows.map(({ x, ...row }) => ({ ...row, x: placeOf.get(x)! }));
  const series = toSeries(places, { chart: "a sweep", place: "setting" });
  return series.map((one) => ({
    ...one,
    points: one.points.map((point) => ({ ...point, x: settings[point.x]! })),
  }));
}
