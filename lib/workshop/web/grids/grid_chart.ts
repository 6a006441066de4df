// The curves of points of a recorded grid.

import type { Figure } from "../../../plots/figure.ts";
import { lineChart } from "../../../plots/line_chart.ts";
import { formatNumber, nonFiniteNotes } from "../../../plots/measurements.ts";
import { armStyle, mostArms } from "../../../plots/palette.ts";
import { toSeries } from "../../../plots/series.ts";
import { armOf, depthsOf, finalLoss, type Grid, type GridPoint } from "./grid.ts";

/** How many points a chart can show. */
export const mostPoints: number = mostArms;

/** What tells a point from the others of its grid. */
function nameOf(point: GridPoint, grid: Grid): string {
  const { depth, rate, warmup } = point;
  const layers = depthsOf(grid).length > 1 ? `, ${depth} layers` : "";
  return `${armOf(point)}${layers}, ${rate}${warmup === 1 ? "" : `, warm-up ${warmup}`}`;
}

/** The losses of a point at all steps of its grid; NaN where a seed has none. */
function rowsOf(point: GridPoint, at: number, steps: readonly number[]) {
  return point.curves.flatMap((curve, seed) => {
    const losses = new Map(curve);
    return steps.map((x) => ({ variant: String(at), seed, x, value: losses.get(x) ?? NaN }));
  });
}

/**
 * Draws the curves of points, the mean of each over its seeds with their range.
 *
 * @param grid The grid.
 * @param points Some of its points, at least one and at most {@linkcode mostPoints}.
 * @param width The width in pixels.
 * @returns The chart.
 */
export function gridChart(grid: Grid, points: readonly GridPoint[], width: number): Figure {
  const steps = [...new Set(points.flatMap(({ curves }) => curves.flat().map(([step]) => step)))]
    .filter((step) => step > 0).sort((a, b) => a - b);
  const rows = points.flatMap((point, at) => rowsOf(point, at, steps));
  const last = points.at(-1)!;
  const loss = finalLoss(last, grid.steps);
  const end = Number.isFinite(loss)
    ? `ends at ${formatNumber(loss, 3)} nats`
    : "does not reach its last step";
  return lineChart({
    series: toSeries(rows, { chart: "the curves of a grid", place: "step" }),
    ...{ guides: [], xLabel: "Step", yLabel: "Held-out loss (nats)", scale: "linear" },
    markerEvery: Math.max(1, Math.ceil(steps.length / 6)),
    notes: nonFiniteNotes(rows.map(({ value }) => value)),
    styleOf: (at) => armStyle(nameOf(points[Number(at)]!, grid), Number(at)),
  }, {
    title: `${nameOf(last, grid)} ${end}`,
    subtitle: "Rates behind the names",
    width,
    height: 330,
  });
}
