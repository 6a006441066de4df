/** Loss against training step, one line per variant. */
import { extent, greatest } from "../core/extent.ts";
import { requireEach, requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions } from "./card.ts";
import type { Figure } from "./figure.ts";
import { lineChart } from "./line_chart.ts";
import { nonFiniteNotes } from "./measurements.ts";
import { toSeries } from "./series.ts";

/** One evaluation of one training run. */
export interface LossRow {
  /** Variant id, such as `pre-ln` or `pre-ln+gpas`. */
  readonly variant: string;
  /** Training step, counted from 0. */
  readonly step: number;
  /** Loss; NaN or ±∞ for a step at which the run diverged. */
  readonly loss: number;
  /** Seed of the run; 0 when absent. */
  readonly seed?: number;
}

/** A constant to compare losses with. */
export interface Reference {
  /** Name shown at the line's end, such as `Unigram entropy`. */
  readonly label: string;
  /** The loss, in the unit of the chart. */
  readonly value: number;
}

/** The words of a loss chart, its quantity and its constants. */
export interface LossOptions extends CardOptions {
  /** Vertical axis with its unit; `Validation loss (nats per token)` when absent. */
  readonly quantity?: string;
  /** Kind of the vertical scale; `linear` when absent. */
  readonly scale?: "linear" | "log";
  /** Gray horizontal lines. */
  readonly references?: readonly Reference[];
}

/**
 * Loss against step: one line per variant, with a band from least to greatest over seeds.
 *
 * A step at which any seed's loss is not finite is a gap, counted in the caption.
 *
 * @param rows Evaluations in any order; every seed of a variant has the same steps.
 * @param options Title (the finding), setting, source, quantity and reference lines.
 * @returns The figure.
 * @throws {RangeError} If there is no row or no finite loss, a step is not a whole number, doubled
 * or missing for a seed, a reference is not finite, a log scale meets a value ≤ 0, or the title is blank.
 */
export function lossCurves(rows: readonly LossRow[], options: LossOptions): Figure {
  requireRows("lossCurves()", rows);
  requireOptions("lossCurves()", options, {
    ...cardKinds,
    quantity: "string?",
    scale: "string?",
    references: "list?",
  });
  requireEach("the references of lossCurves()", options.references ?? [], {
    label: "string",
    value: "number",
  });
  const { quantity = "Validation loss (nats per token)", references = [] } = options;
  const measured = rows.map(({ variant, step, loss, seed }) => ({
    variant,
    x: step,
    value: loss,
    seed,
  }));
  const series = toSeries(measured, { chart: "loss curves", place: "step" });
  const steps = rows.map(({ step }) => step);
  const ends = extent(steps);
  const evaluations = greatest(series.map(({ points }) => points.length));
  return lineChart({
    series,
    guides: references.map(({ label, value }) => ({
      label,
      points: ends.map((x) => ({ x, y: value })),
    })),
    xLabel: "Step",
    yLabel: quantity,
    scale: options.scale ?? "linear",
    markerEvery: Math.ceil(evaluations / 5),
    notes: nonFiniteNotes(rows.map(({ loss }) => loss)),
  }, options);
}
