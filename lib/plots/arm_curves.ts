/** A quantity against training step, one line per arm of an experiment: residual variants, and arms that are none. */
import { extent, greatest } from "../core/extent.ts";
import { requireEach, requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions } from "./card.ts";
import type { Figure } from "./figure.ts";
import { lineChart } from "./line_chart.ts";
import type { Reference } from "./loss_curves.ts";
import { nonFiniteNotes } from "./measurements.ts";
import { armStyle, hasOwnStyle, mostArms, variantStyle } from "./palette.ts";
import { toSeries } from "./series.ts";

/** One value of one arm at one step. */
export interface ArmRow {
  /** The arm's name, as the chart shows it; the id of a variant, such as `pre-ln`, has the variant's name and look. */
  readonly arm: string;
  /** Training step, counted from 0. */
  readonly step: number;
  /** Measured value; NaN or ±∞ becomes a gap. */
  readonly value: number;
  /** Seed of the run; 0 when absent. */
  readonly seed?: number;
}

/** The words of the chart, its quantity, its scale and its constants. */
export interface ArmOptions extends CardOptions {
  /** What is measured, with its unit, such as `|Δ loss| (nats)`. */
  readonly quantity: string;
  /** Kind of the vertical scale. */
  readonly scale: "linear" | "log";
  /** Gray horizontal lines. */
  readonly references?: readonly Reference[];
}

/**
 * A quantity against step, one line per arm, in the order in which the arms first occur.
 *
 * Other arms than variants have darker colors, so that none is taken for a variant; marker and dash differ as well. They get their
 * looks in order, so that an arm looks the same in charts that list the same arms.
 *
 * @param rows Values; every seed of an arm has the same steps.
 * @param options Title (the finding), setting, source, quantity, scale and reference lines.
 * @returns The figure.
 * @throws {RangeError} If there is no row, no finite value or more than six arms besides variants, a step is not a whole number, doubled or missing
 * for a seed, a reference is not finite, a log scale meets a value ≤ 0, or the title is blank.
 */
export function armCurves(rows: readonly ArmRow[], options: ArmOptions): Figure {
  requireRows("armCurves()", rows);
  requireOptions("armCurves()", options, {
    ...cardKinds,
    quantity: "string",
    scale: "string",
    references: "list?",
  });
  requireEach("the references of armCurves()", options.references ?? [], {
    label: "string",
    value: "number",
  });
  const { quantity, scale, references = [] } = options;
  const arms = [...new Set(rows.map(({ arm }) => arm))];
  const own = arms.filter((arm) => !hasOwnStyle(arm));
  if (own.length > mostArms) {
    throw new RangeError(
      `Cannot draw ${own.length} arms in one chart: at most ${mostArms} can be told apart`,
    );
  }
  const measured = rows.map(({ arm, step, value, seed }) => ({
    variant: arm,
    x: step,
    value,
    seed,
  }));
  const series = toSeries(measured, { chart: "arms", place: "step" });
  const steps = rows.map(({ step }) => step);
  const ends = extent(steps);
  const most = greatest(series.map(({ points }) => points.length));
  return lineChart({
    series: arms.map((arm) => series.find(({ variant }) => variant === arm)!),
    guides: references.map(({ label, value }) => ({
      label,
      points: ends.map((x) => ({ x, y: value })),
    })),
    xLabel: "Step",
    yLabel: scale === "log" ? `${quantity}, log scale` : quantity,
    scale,
    markerEvery: Math.ceil(most / 5),
    notes: nonFiniteNotes(rows.map(({ value }) => value)),
    styleOf: (arm) => own.includes(arm) ? armStyle(arm, own.indexOf(arm)) : variantStyle(arm),
  }, options);
}
