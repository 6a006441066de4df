/** One number of each variant, such as an accuracy: its mean and range over seeds, beside what a model must beat. */
import * as Plot from "@observablehq/plot";
import { extent, greatest } from "../core/extent.ts";
import { requireEach, requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions, drawCard, type Room } from "./card.ts";
import type { Figure } from "./figure.ts";
import type { Reference } from "./loss_curves.ts";
import { lineMarkers } from "./markers.ts";
import { checkLargest, formatNumber, leastSpan, nonFiniteNotes } from "./measurements.ts";
import { variantStyle } from "./palette.ts";
import { type Series, toSeries } from "./series.ts";
import { quantityAxis } from "./quantity_axis.ts";
import { ink, textWidth } from "./typography.ts";

/** One measurement of one run. */
export interface PointRow {
  /** Variant id, such as `pre-ln` or `pre-ln+gpas`. */
  readonly variant: string;
  /** Measured value; a variant of which one is NaN or ±∞ has no point. */
  readonly value: number;
  /** Seed of the run; 0 when absent. */
  readonly seed?: number;
  /** What tells rows of one variant apart, such as `no warm-up`; each has the same seeds. It stands behind the variant's name. */
  readonly under?: string;
}

/** The words of the chart, its quantity and what it compares with. */
export interface PointOptions extends CardOptions {
  /** What is measured, with its unit, such as `Accuracy (share of images)`. */
  readonly quantity: string;
  /** Gray vertical lines, such as a baseline. */
  readonly references?: readonly Reference[];
}

const rowHeight = 26;
const fontSize = 11;
const margins = { top: 10, right: 56, bottom: 40 } as const;

/** A variant in its row. */
interface Placed {
  readonly label: string;
  readonly series: Series;
  readonly row: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

function draw(
  placed: readonly Placed[],
  { quantity, references = [] }: PointOptions,
  { width, document }: Room,
): ReturnType<typeof Plot.plot> {
  const drawn = placed.filter(({ mean }) => Number.isFinite(mean));
  const values = [
    ...drawn.flatMap(({ low, high }) => [low, high]),
    ...references.map(({ value }) => value),
  ];
  const [low, high] = extent(values);
  const room = high - low > leastSpan ? 0.04 * (high - low) : Math.max(Math.abs(low) / 2, 1);
  const names = placed.map(({ label, mean }) =>
    `${label}${Number.isFinite(mean) ? "" : " (not finite)"}`
  );
  return Plot.plot({
    document,
    width,
    height: rowHeight * placed.length + margins.top + margins.bottom,
    marginTop: margins.top,
    marginRight: margins.right,
    marginBottom: margins.bottom,
    marginLeft: greatest(names.map((name) => textWidth(name, fontSize))) + 14,
    x: { domain: [low - room, high + room] },
    y: { type: "linear", domain: [placed.length - 0.5, -0.5], axis: null },
    marks: [
      ...quantityAxis(quantity, fontSize, { text: (tick: number) => formatNumber(tick) }),
      Plot.ruleX(references, {
        x: "value",
        stroke: ink.guide,
        strokeDasharray: "1.5 2.5",
        strokeWidth: 1.5,
      }),
      ...drawn.flatMap((one) => pointMarks(one)),
      Plot.text(placed, {
        frameAnchor: "left",
        y: "row",
        text: (_: Placed, at: number) => names[at]!,
        textAnchor: "end",
        dx: -8,
        fontSize,
        fill: ink.text,
      }),
      Plot.text(drawn, {
        x: "high",
        y: "row",
        text: ({ mean }: Placed) => formatNumber(mean),
        textAnchor: "start",
        dx: 9,
        fontSize,
        fill: ink.muted,
        stroke: ink.card, // where a reference runs through
        strokeWidth: 4,
      }),
    ],
  });
}

/** A line from least to greatest under the marker of the mean. */
function pointMarks(one: Placed): Plot.Markish[] {
  const style = variantStyle(one.series.variant);
  return [
    Plot.ruleY([one], { x1: "low", x2: "high", y: "row", stroke: style.color, strokeWidth: 2.5 }),
    lineMarkers([{ x: one.mean, y: one.row }], style, 1.3),
  ];
}

/** A variant's numbers in words. */
function describe({ label, series, mean, low, high }: Placed): string {
  if (!Number.isFinite(mean)) return `${label}: not finite`;
  const range = series.seeds > 1
    ? ` (${formatNumber(low)} to ${formatNumber(high)} over ${series.seeds} seeds)`
    : "";
  return `${label}: ${formatNumber(mean)}${range}`;
}

/** The rows of the chart: those of a variant together, in the order in which they come. */
function placedRows(rows: readonly PointRow[]): Placed[] {
  const kinds = [...new Set(rows.map(({ under }) => under))];
  const measured = rows.map(({ under, ...row }) => ({ ...row, x: kinds.indexOf(under) }));
  return toSeries(measured, { chart: "points", place: "variant" }).flatMap((series) => {
    const { label } = variantStyle(series.variant);
    return series.points.map(({ x, ...point }) => {
      const under = kinds[x];
      return { label: under === undefined ? label : `${label}, ${under}`, series, ...point };
    });
  }).map((placed, row) => ({ ...placed, row }));
}

/**
 * One number of each variant: the mean as a point, a line from least to greatest over seeds, and dotted lines for what a model must beat.
 *
 * @param rows Values in any order, one for each variant, what it is under, and seed; those of a task are its last held-out measures.
 * @param options Title (the finding), setting, source, quantity and references.
 * @returns The figure.
 * @throws {RangeError} If there is no row or no finite value, a seed of a variant is given twice, a reference is not finite, or the title is
 * blank.
 */
export function variantPoints(rows: readonly PointRow[], options: PointOptions): Figure {
  requireRows("variantPoints()", rows);
  requireOptions("variantPoints()", options, {
    ...cardKinds,
    quantity: "string",
    references: "list?",
  });
  const { quantity, references = [] } = options;
  requireEach("the references of variantPoints()", references, {
    label: "string",
    value: "number",
  });
  const bad = references.find(({ value }) => !Number.isFinite(value));
  if (bad !== undefined) {
    throw new RangeError(`Cannot draw ${bad.label} at ${bad.value}: every value must be finite`);
  }
  const placed = placedRows(rows);
  checkLargest([...rows, ...references].map(({ value }) => value));
  return drawCard(options, {
    draw: (room) => draw(placed, options, room),
    marks: (chart) => ({
      x: "Of",
      y: quantity,
      series: placed.filter(({ mean }) => Number.isFinite(mean)).map((one) => {
        const { label } = one;
        const { color } = variantStyle(one.series.variant);
        const [x, y] = [chart.scale("x")!.apply(one.mean), chart.scale("y")!.apply(one.row)];
        const [, words] = describe(one).split(": ");
        return { name: label, color, points: [[x, y, label, words!]] };
      }),
    }),
    notes: [
      ...(placed.some(({ series }) => series.seeds > 1)
        ? ["Points: mean, lines: least to greatest over seeds"]
        : []),
      ...references.map(({ label, value }) => `Dotted: ${label} (${formatNumber(value)})`),
      ...nonFiniteNotes(rows.map(({ value }) => value)),
    ],
    numbers: placed.map(describe),
  });
}
