/** The angle between the stream at every two depths: a triangle of cells, one panel per variant. */
import { groupBy } from "../core/collections.ts";
import { requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions } from "./card.ts";
import type { Figure } from "./figure.ts";
import { type HeatCell, heatPanels } from "./heat_panels.ts";
import { checkMeasurements, formatNumber } from "./measurements.ts";

/** The angular distance of the stream between two depths. */
export interface AngleHeatmapRow {
  /** Variant id, such as `pre-ln` or `pre-ln+gpas`. */
  readonly variant: string;
  /** Layers before the first place; 0 is the embedding. */
  readonly from: number;
  /** Layers before the second place. */
  readonly to: number;
  /** arccos(cosine) / π, in [0, 1]. */
  readonly value: number;
  /** Seed of the run; 0 when absent. */
  readonly seed?: number;
}

/**
 * Angular distances between the depths of a stream, the mean over seeds, on one linear color scale.
 *
 * The cells along the diagonal are single layers; a layer that does nothing has a dark one.
 *
 * Source: Sun et al. 2025 (The Curse of Depth), §2.1 and Fig. 2.
 *
 * @param rows Distances in any order; every pair of depths of a variant has as many rows as there are seeds.
 * @param options Title (the finding), setting and source.
 * @returns The figure.
 * @throws {RangeError} If there is no row or no finite distance, a depth is not a whole number, or the title is blank.
 */
export function angleHeatmap(rows: readonly AngleHeatmapRow[], options: CardOptions): Figure {
  requireRows("angleHeatmap()", rows);
  requireOptions("angleHeatmap()", options, cardKinds);
  checkMeasurements(
    rows.flatMap(({ from, to, value }) => [{ place: from, value }, { place: to, value }]),
    { chart: "an angle heat map", place: "layer" },
  );
  const depths = [...new Set(rows.map(({ from }) => from))].sort((a, b) => b - a);
  const seeds = new Set(rows.map(({ seed = 0 }) => seed)).size;
  return heatPanels({
    cells: meansOf(rows),
    rows: depths.map(String),
    columnLabel: "To the stream after layer",
    rowLabel: "From the stream after layer",
    quantity: "Angular distance (0.5: at right angles)",
    scale: "linear",
    notes: seeds > 1 ? [`Mean over ${seeds} seeds`] : [],
    describe,
  }, options);
}

function meansOf(rows: readonly AngleHeatmapRow[]): HeatCell[] {
  const groups = groupBy(rows, ({ variant, from, to }) => `${variant} ${from} ${to}`);
  return [...groups.values()].map((group) => {
    const { variant, from, to } = group[0]!;
    const value = group.reduce((sum, row) => sum + row.value, 0) / group.length;
    return { variant, column: to, row: String(from), value };
  });
}

function describe(cells: readonly HeatCell[]): string {
  const single = cells.filter(({ column, row }) => column === Number(row) + 1)
    .sort((a, b) => a.column - b.column);
  const [first, last] = [single[0], single.at(-1)];
  if (first === undefined || last === undefined) return "no finite distance of a single layer";
  return `layer ${first.column} turns the stream by ${formatNumber(first.value)}, ` +
    `layer ${last.column} by ${formatNumber(last.value)}`;
}
