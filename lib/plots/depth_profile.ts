/** A quantity against depth, one line per variant: stream variance, gradient norm, gate values. */
import { extent } from "../core/extent.ts";
import { requireEach, requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions } from "./card.ts";
import type { Figure } from "./figure.ts";
import { lineChart, type Section } from "./line_chart.ts";
import { nonFiniteNotes } from "./measurements.ts";
import { type Series, toSeries } from "./series.ts";

/** One value measured at one layer. */
export interface DepthRow {
  /** Variant id, such as `pre-ln` or `pre-ln+gpas`. */
  readonly variant: string;
  /** The stack, where the model has several: they lie side by side, in the order of their first rows. */
  readonly stack?: string;
  /** Layer, counted from 1; 0 stands for the stream before the first layer. */
  readonly layer: number;
  /** Measured value; NaN or ±∞ becomes a gap. */
  readonly value: number;
  /** Seed of the run; 0 when absent. */
  readonly seed?: number;
}

/** A predicted curve over depth. */
export interface Theory {
  /** Name shown at the curve's end. */
  readonly label: string;
  /** Predicted values. */
  readonly values: readonly { readonly layer: number; readonly value: number }[];
}

/** The words of a depth profile, its quantity, its scale and its predictions. */
export interface DepthOptions extends CardOptions {
  /** What `layer` counts; `Layer` by default. */
  readonly axis?: string;
  /** What is measured, for example `Stream variance`. */
  readonly quantity: string;
  /** Unit of the quantity, where it has one. */
  readonly unit?: string;
  /** Kind of the vertical scale. */
  readonly scale: "linear" | "log";
  /** Gray predicted curves. */
  readonly theory?: readonly Theory[];
}

/**
 * A quantity against depth: one line per variant, a marker at each layer, theory in gray.
 *
 * A layer at which any seed's value is not finite is a gap, counted in the caption.
 *
 * Stacks of a model lie side by side, each with layers of its own.
 *
 * @param rows Measured values in any order; every seed of a variant has the same layers.
 * @param options Title (the finding), setting, source, quantity, unit, scale and theory.
 * @returns The figure.
 * @throws {RangeError} If there is no row or no finite value, a layer is not a whole number, doubled
 * or missing for a seed, theory is not finite, a log scale meets a value ≤ 0, or the title is blank.
 */
export function depthProfile(rows: readonly DepthRow[], options: DepthOptions): Figure {
  requireRows("depthProfile()", rows);
  requireOptions("depthProfile()", options, {
    ...cardKinds,
    axis: "string?",
    quantity: "string",
    unit: "string?",
    scale: "string",
    theory: "list?",
  });
  requireEach("the theory of depthProfile()", options.theory ?? [], {
    label: "string",
    values: "list",
  });
  const { axis = "Layer", quantity, unit, scale, theory = [] } = options;
  const sections = sectionsOf(rows);
  const shifts = new Map(sections.map(({ name, shift }) => [name, shift]));
  const measured = rows.map(({ variant, stack, layer, value, seed }) => ({
    variant,
    x: layer + shifts.get(stack)!,
    value,
    seed,
  }));
  const named = unit === undefined ? quantity : `${quantity} (${unit})`;
  return lineChart({
    series: toSeries(measured, { chart: "a depth profile", place: "layer" })
      .map((one) => apart(one, sections)),
    ...(sections.length === 1 ? {} : { sections }),
    guides: theory.map(({ label, values }) => ({
      label,
      points: values.map(({ layer, value }) => ({ x: layer, y: value })),
    })),
    xLabel: axis,
    yLabel: scale === "log" ? `${named}, log scale` : named,
    scale,
    markerEvery: 1,
    notes: nonFiniteNotes(rows.map(({ value }) => value)),
  }, options);
}

/** The stacks of some rows, side by side, with one place between two. */
function sectionsOf(rows: readonly DepthRow[]): Section[] {
  let end: number | undefined;
  return [...new Set(rows.map(({ stack }) => stack))].map((name) => {
    const layers = rows.filter(({ stack }) => stack === name).map(({ layer }) => layer);
    const [first, last] = extent(layers);
    const shift = end === undefined ? 0 : end + 2 - first;
    end = last + shift;
    return { ...(name === undefined ? {} : { name }), shift, first: first + shift, last: end };
  });
}

/** A series with a gap before each section but the first. */
function apart(series: Series, sections: readonly Section[]): Series {
  const gaps = sections.slice(1).map(({ first }) => (
    { x: first - 1, mean: NaN, low: NaN, high: NaN }
  ));
  return { ...series, points: [...series.points, ...gaps].sort((a, b) => a.x - b.x) };
}
