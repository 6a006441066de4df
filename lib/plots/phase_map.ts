/** A quantity over two settings that are swept, one panel per variant: where a design trains, and where it does not. */
import { groupBy } from "../core/collections.ts";
import { greatest } from "../core/extent.ts";
import { requireEach, requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions } from "./card.ts";
import type { Figure } from "./figure.ts";
import { heatPanels } from "./heat_panels.ts";
import { formatNumber } from "./measurements.ts";

/** What was measured at one setting with one seed. */
export interface PhaseRow {
  /** Variant id: the panel. */
  readonly variant: string;
  /** The setting from left to right, such as a number of warm-up steps. */
  readonly x: number;
  /** The setting from bottom to top, such as a learning rate. */
  readonly y: number;
  /** Measured value; where any seed's is NaN or ±∞ the place is a cross. */
  readonly value: number;
  /** Seed of the measurement. */
  readonly seed?: number;
}

/** The words of a phase map. */
export interface PhaseOptions extends CardOptions {
  /** What changes from left to right, for example `Warm-up steps`. */
  readonly x: string;
  /** What changes from bottom to top. */
  readonly y: string;
  /** What is measured, with its unit. */
  readonly quantity: string;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * A heat map of the mean over seeds for each variant.
 *
 * @param rows Measured values in any order; those of one place are its seeds.
 * @param options Title (the finding), both settings, quantity.
 * @returns The figure.
 * @throws {RangeError} If there is no row, a setting is not a finite number, or the title is blank.
 */
export function phaseMap(rows: readonly PhaseRow[], options: PhaseOptions): Figure {
  requireRows("phaseMap()", rows);
  requireOptions("phaseMap()", options, {
    ...cardKinds,
    x: "string",
    y: "string",
    quantity: "string",
  });
  requireEach<PhaseRow>("the rows of phaseMap()", rows, {
    variant: "string",
    x: "number",
    y: "number",
    value: "number",
    seed: "number?",
  });
  if (rows.length === 0) throw new RangeError("Cannot draw a phase map of no rows: give some");
  const wrong = rows.flatMap(({ x, y }) => [x, y]).find((one) => !Number.isFinite(one));
  if (wrong !== undefined) {
    throw new RangeError(`Cannot draw a phase map at ${wrong}: a setting must be a finite number`);
  }
  const places = groupBy(rows, ({ variant, x, y }) => JSON.stringify([variant, x, y]));
  const cells = [...places.values()].map((own) => ({
    variant: own[0]!.variant,
    column: own[0]!.x,
    row: String(own[0]!.y),
    value: mean(own.map(({ value }) => value)),
  }));
  const seeds = greatest([...places.values()].map((own) => own.length));
  const heights = [...new Set(rows.map(({ y }) => y))].sort((a, b) => b - a);
  return heatPanels({
    cells,
    rows: heights.map(String),
    columnLabel: options.x,
    rowLabel: options.y,
    quantity: options.quantity,
    scale: "linear",
    notes: seeds > 1 ? [`Mean over ${seeds} seeds`] : [],
    describe: (finite) => {
      const least = finite.toSorted((a, b) => a.value - b.value)[0];
      return least === undefined
        ? "no finite value"
        : `least ${formatNumber(least.value)} at ${least.column}, ${least.row}`;
    },
  }, options);
}
