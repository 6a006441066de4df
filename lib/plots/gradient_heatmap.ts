/** Gradient norms as a layer × parameter heat map, one panel per variant. */
import { requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions } from "./card.ts";
import type { Figure } from "./figure.ts";
import { type HeatCell, heatPanels } from "./heat_panels.ts";
import { checkMeasurements, checkPositive, formatNumber } from "./measurements.ts";
import { variantStyle } from "./palette.ts";

/** The gradient norm of one parameter of one layer. */
export interface GradientHeatmapRow {
  /** Variant id, such as `pre-ln` or `pre-ln+gpas`. */
  readonly variant: string;
  /** Layer, counted from 1; 0 stands for what comes before the first layer. */
  readonly layer: number;
  /** Parameter within the layer, such as `attention.query`. */
  readonly parameter: string;
  /** Norm of its gradient; NaN or ±∞ is marked with a cross. */
  readonly norm: number;
}

/** The words of a gradient heat map, and its quantity. */
export interface GradientOptions extends CardOptions {
  /** Name of the color scale; `Gradient norm (L2, log scale)` when absent. */
  readonly quantity?: string;
}

/**
 * Gradient norms by layer and parameter, on one log color scale, one panel per variant.
 *
 * Parameters keep the order in which rows first name them. A norm that is not finite is a cross,
 * counted in the caption; a parameter that a variant lacks is blank.
 *
 * @param rows Norms in any order.
 * @param options Title (the finding), setting, source and quantity.
 * @returns The figure.
 * @throws {RangeError} If there is no row or no finite norm, a layer is not a whole number, a norm is
 * given twice or is ≤ 0, or the title is blank.
 */
export function gradientHeatmap(
  rows: readonly GradientHeatmapRow[],
  options: GradientOptions,
): Figure {
  requireRows("gradientHeatmap()", rows);
  requireOptions("gradientHeatmap()", options, {
    ...cardKinds,
    quantity: "string?",
  });
  checkMeasurements(
    rows.map(({ layer, norm }) => ({ place: layer, value: norm })),
    { chart: "a gradient heat map", place: "layer" },
  );
  checkPositive(rows.map(({ norm }) => norm));
  checkUnique(rows);
  const count = (values: readonly unknown[]): number => new Set(values).size;
  const parameters = [...new Set(rows.map(({ parameter }) => parameter))];
  const places = count(rows.map(({ variant }) => variant)) *
    count(rows.map(({ layer }) => layer)) * parameters.length;
  return heatPanels({
    cells: rows.map(({ variant, layer, parameter, norm }) => ({
      variant,
      column: layer,
      row: parameter,
      value: norm,
    })),
    rows: parameters,
    columnLabel: "Layer",
    quantity: options.quantity ?? "Gradient norm (L2, log scale)",
    scale: "log",
    notes: places > rows.length ? ["Blank: not in that variant or layer"] : [],
    describe,
  }, options);
}

function checkUnique(rows: readonly GradientHeatmapRow[]): void {
  const seen = new Set<string>();
  for (const { variant, layer, parameter } of rows) {
    const key = JSON.stringify([variant, layer, parameter]);
    if (seen.has(key)) {
      throw new RangeError(
        `Cannot draw a gradient heat map of ${
          variantStyle(variant).label
        }: ${parameter} of layer ` +
          `${layer} is given twice, each must occur once`,
      );
    }
    seen.add(key);
  }
}

function describe(cells: readonly HeatCell[]): string {
  const ordered = cells.toSorted((a, b) => a.value - b.value);
  const [least, greatest] = [ordered[0], ordered.at(-1)];
  if (least === undefined || greatest === undefined) return "no finite norm";
  const words = ({ value, column, row }: HeatCell): string =>
    `${formatNumber(value)} (layer ${column}, ${row})`;
  return `from ${words(least)} to ${words(greatest)}`;
}
