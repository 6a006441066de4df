/** How values are distributed: the share of them in each bin, one panel per arm below the other. */
import * as Plot from "@observablehq/plot";
import { greatest } from "../core/extent.ts";
import { requireEach, requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions, drawCard, type Room } from "./card.ts";
import type { Figure } from "./figure.ts";
import type { ChartMarks } from "./marks.ts";
import { checkLargest, formatNumber, leastSpan } from "./measurements.ts";
import { armStyle, mostArms } from "./palette.ts";
import { evenTicks } from "./ticks.ts";
import { ink } from "./typography.ts";

/** One value of one arm. */
export interface HistogramRow {
  /** The arm's name, as the chart shows it. */
  readonly arm: string;
  /** The measured number that is counted. */
  readonly value: number;
}

/** The words of the chart, its quantity, range, bins and marked places. */
export interface HistogramOptions extends CardOptions {
  /** What is distributed, with its unit. */
  readonly quantity: string;
  /** The ends of the horizontal axis; values beyond are counted in the caption. */
  readonly range: readonly [low: number, high: number];
  /** Number of bins; 40 by default. */
  readonly bins?: number;
  /** Vertical lines with a name, such as a bound. */
  readonly marks?: readonly { readonly label: string; readonly value: number }[];
}

/** A bin: its ends and the share of the arm's values in it. */
interface Bin {
  readonly arm: string;
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

const margins = { top: 22, right: 8, bottom: 38, left: 52 } as const;
const panelGap = 0.2;

/**
 * The share of values in each bin, one panel per arm, on common axes.
 *
 * @param rows Values in any order.
 * @param options Title (the finding), quantity, range, bins and marked places.
 * @returns The figure.
 * @throws {RangeError} If there is no row, a value is not finite, there are more than six arms, the range is empty or not finite, the
 * number of bins is not a whole number from 1 to 200, or the title is blank.
 */
export function histogram(rows: readonly HistogramRow[], options: HistogramOptions): Figure {
  requireRows("histogram()", rows);
  requireOptions("histogram()", options, {
    ...cardKinds,
    quantity: "string",
    range: "list",
    bins: "number?",
    marks: "list?",
  });
  requireEach("the marks of histogram()", options.marks ?? [], {
    label: "string",
    value: "number",
  });
  const { bins = 40, range: [low, high] } = options;
  check(rows, options);
  const arms = [...new Set(rows.map(({ arm }) => arm))];
  const binned = arms.flatMap((arm) => binsOf(rows, { arm, bins, low, high }));
  const outside = rows.filter(({ value }) => value < low || value > high).length;
  return drawCard(options, {
    draw: (room) => draw(binned, arms, options, room),
    marks: (drawn) => marksOf(binned, arms, options.quantity, drawn),
    notes: outside === 0 ? [] : [`${outside} of ${rows.length} values outside of the axis`],
    numbers: arms.map((arm) => describe(rows, arm)),
  });
}

function check(rows: readonly HistogramRow[], { bins = 40, range, marks = [] }: HistogramOptions) {
  if (rows.length === 0) {
    throw new RangeError("Cannot draw a histogram of 0 rows: at least one row is needed");
  }
  const values = [...[...rows, ...marks].map(({ value }) => value), ...range];
  const refused = values.find((value) => !Number.isFinite(value));
  if (refused !== undefined) {
    throw new RangeError(`Cannot draw a histogram with ${refused}: values must be finite`);
  }
  checkLargest(values);
  if (!(range[1] - range[0] > leastSpan)) {
    throw new RangeError(
      `Cannot draw a histogram from ${range[0]} to ${range[1]}: the first must be less`,
    );
  }
  if (!Number.isInteger(bins) || bins < 1 || bins > 200) {
    throw new RangeError(`Cannot draw ${bins} bins: it must be a whole number from 1 to 200`);
  }
  const count = new Set(rows.map(({ arm }) => arm)).size;
  if (count > mostArms) {
    throw new RangeError(
      `Cannot draw ${count} arms in one chart: at most ${mostArms} can be drawn`,
    );
  }
}

function binsOf(
  rows: readonly HistogramRow[],
  { arm, bins, low, high }: { arm: string; bins: number; low: number; high: number },
): Bin[] {
  const own = rows.filter((row) => row.arm === arm);
  const width = (high - low) / bins;
  const counts = Array<number>(bins).fill(0);
  for (const { value } of own) {
    if (value < low || value > high) continue;
    counts[Math.min(Math.floor((value - low) / width), bins - 1)]! += 1;
  }
  return counts.map((count, i) => ({
    arm,
    low: low + i * width,
    high: low + (i + 1) * width,
    share: count / own.length,
  }));
}

function draw(
  bins: readonly Bin[],
  arms: readonly string[],
  { quantity, range, marks = [] }: HistogramOptions,
  { width, height, document }: Room,
): ReturnType<typeof Plot.plot> {
  const [low, high] = range;
  const most = greatest(bins.map(({ share }) => share));
  const percent = evenTicks(0, most, 3);
  return Plot.plot({
    document,
    width,
    height: Math.max(height, 90 * arms.length + margins.top + margins.bottom),
    marginTop: margins.top,
    marginRight: margins.right,
    marginBottom: margins.bottom,
    marginLeft: margins.left,
    fy: { axis: null, domain: arms, paddingInner: panelGap, paddingOuter: 0, round: false },
    x: { domain: [low, high] },
    y: { domain: [0, most] },
    marks: [
      Plot.gridY(percent, { stroke: ink.grid, strokeOpacity: 1 }),
      Plot.rectY(bins.filter(({ share }) => share > 0), {
        x1: "low",
        x2: "high",
        y: "share",
        fy: "arm",
        fill: ({ arm }: Bin) => armStyle(arm, arms.indexOf(arm)).color,
        inset: 0.3,
      }),
      Plot.ruleX(marks, { x: "value", stroke: ink.guide, strokeDasharray: "3 2" }),
      Plot.text(marks.map((mark) => ({ ...mark, arm: arms[0]! })), {
        x: "value",
        fy: "arm",
        text: "label",
        frameAnchor: "top",
        dy: -16,
        fontSize: 10,
        fill: ink.muted,
      }),
      Plot.text(arms.map((arm) => ({ arm })), {
        fy: "arm",
        text: "arm",
        frameAnchor: "top-left",
        dx: 6,
        dy: 2,
        fontSize: 11,
        fontWeight: 600,
        fill: ({ arm }: { arm: string }) => armStyle(arm, arms.indexOf(arm)).color,
      }),
      Plot.axisY(percent, {
        label: null,
        fontSize: 11,
        tickSize: 0,
        tickFormat: (share: number) => `${formatNumber(100 * share)} %`,
      }),
      Plot.axisX({
        label: quantity,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 33,
        fontSize: 11,
        ticks: evenTicks(low, high, 8),
        tickFormat: (tick: number) => formatNumber(tick),
      }),
      Plot.frame({ anchor: "bottom", stroke: ink.axis }),
    ],
  });
}

/** The tops of the bars with their shares: one series for each arm. */
function marksOf(
  bins: readonly Bin[],
  arms: readonly string[],
  quantity: string,
  drawn: Plot.Plot,
): ChartMarks {
  const [x, y, fy] = (["x", "y", "fy"] as const).map((name) => drawn.scale(name)!);
  return {
    x: quantity,
    y: "Share",
    series: arms.map((arm, index) => ({
      name: arm,
      color: armStyle(arm, index).color,
      points: bins.filter((bin) => bin.arm === arm && bin.share > 0).map(({ low, high, share }) => {
        const [middle, panel] = [x!.apply((low + high) / 2), fy!.apply(arm) - fy!.apply(arms[0]!)];
        return [
          middle,
          y!.apply(share) + panel,
          `${formatNumber(low)} to ${formatNumber(high)}`,
          `${formatNumber(100 * share)} %`,
          [middle, y!.apply(0) + panel],
        ];
      }),
    })),
  };
}

function describe(rows: readonly HistogramRow[], arm: string): string {
  const values = rows.filter((row) => row.arm === arm).map(({ value }) => value)
    .sort((a, b) => a - b);
  const at = (share: number): string =>
    formatNumber(values[Math.round(share * (values.length - 1))]!);
  return `${arm}: ${values.length} values, from ${at(0)} to ${at(1)}, median ${at(0.5)}, ` +
    `nine tenths from ${at(0.05)} to ${at(0.95)}`;
}
