/** Measured quantities side by side, as bars from zero or as dots, with their quartiles: kernels, libraries, models. */
import * as Plot from "@observablehq/plot";
import { extent, greatest } from "../core/extent.ts";
import { requireOptions, requireRows } from "../core/options.ts";
import { cardKinds, type CardOptions, drawCard, type Room } from "./card.ts";
import type { Figure } from "./figure.ts";
import type { ChartMarks } from "./marks.ts";
import { checkLargest, formatNumber } from "./measurements.ts";
import { quantityAxis } from "./quantity_axis.ts";
import { ink, textWidth } from "./typography.ts";

/** One measurement: its median and quartiles, drawn as a bar. */
export interface BarRow {
  /** What is compared, such as an operation; bars of one group stand together. */
  readonly group: string;
  /** Whose value it is. */
  readonly name: string;
  /** The median, at least 0. */
  readonly value: number;
  /** The lower quartile. */
  readonly low: number;
  /** The upper quartile. */
  readonly high: number;
  /** Whether the bar is what the chart is about; others are gray. */
  readonly ours: boolean;
}

/** The words of the chart, its quantity and a value to compare with. */
export interface BarOptions extends CardOptions {
  /** What is measured, with its unit, such as `Time (multiples of a copy)`. */
  readonly quantity: string;
  /** A vertical line with a name, such as a copy at 1. */
  readonly reference?: { readonly label: string; readonly value: number };
  /** Dots on an axis that need not begin at 0, for ratios that lie near each other; bars by default. */
  readonly dots?: boolean;
}

const barHeight = 17;
const groupGap = 12;
const groupTitle = 18;
const colors = { ours: "#4269d0", other: "#868e97" } as const;
const margins = { top: 14, right: 64, bottom: 40 } as const;
const fontSize = 11;

/** A bar with the place where it is drawn, in pixels from the top. */
interface Placed extends BarRow {
  readonly top: number;
}

/** Bars below each other, a line above each group for its name. */
function place(rows: readonly BarRow[]): {
  readonly bars: readonly Placed[];
  readonly titles: readonly { readonly group: string; readonly top: number }[];
  readonly height: number;
} {
  const bars: Placed[] = [];
  const titles: { group: string; top: number }[] = [];
  let top = 0;
  for (const group of new Set(rows.map((row) => row.group))) {
    titles.push({ group, top: top + groupTitle / 2 });
    top += groupTitle;
    for (const row of rows.filter((row) => row.group === group)) {
      bars.push({ ...row, top });
      top += barHeight;
    }
    top += groupGap;
  }
  return { bars, titles, height: top - groupGap };
}

function checkRow({ group, name, value, low, high }: BarRow): void {
  const fits = [value, low, high].every(Number.isFinite) && value >= 0;
  if (fits) return;
  throw new RangeError(
    `Cannot draw the bar of ${name} for ${group} at ${value} (${low} to ${high}): values must be finite and at least 0`,
  );
}

/** The horizontal axis: from zero under bars, around what is measured under dots. */
function domainOf(bars: readonly Placed[], { reference, dots = false }: BarOptions) {
  const most = greatest(bars.flatMap(({ value, high }) => [value, high]));
  if (!dots) return [0, Math.max(most, reference?.value ?? 0)];
  const [low, high] = extent([
    ...bars.flatMap(({ value, low, high }) => [value, low, high]),
    ...(reference === undefined ? [] : [reference.value]),
  ]);
  return high > low ? [low, high] : [low / 2, low * 2 + 1];
}

/** What shows the medians. */
function shapes(bars: readonly Placed[], { dots = false }: BarOptions): Plot.Markish {
  const fill = (bar: Placed): string => colors[bar.ours ? "ours" : "other"];
  if (dots) return Plot.dot(bars, { x: "value", y: middle, r: 4.5, fill, stroke: ink.card });
  return Plot.rect(bars, {
    x1: 0,
    x2: "value",
    y1: (bar: Placed) => bar.top + 2,
    y2: (bar: Placed) => bar.top + barHeight - 2,
    fill,
  });
}

const middle = ({ top }: Placed): number => top + barHeight / 2;

function draw(
  { bars, titles, height }: ReturnType<typeof place>,
  options: BarOptions,
  { width, document }: Room,
): ReturnType<typeof Plot.plot> {
  const { quantity, reference } = options;
  const names = greatest(bars.map(({ name }) => textWidth(name, fontSize)));
  const quartiles = Plot.ruleY(bars, {
    ...{ x1: "low", x2: "high", y: middle },
    ...{ stroke: ink.text, strokeWidth: 1.25 },
  });
  const guide = { stroke: ink.guide, strokeDasharray: "1.5 2.5", strokeWidth: 1.5 };
  return Plot.plot({
    document,
    width,
    height: height + margins.top + margins.bottom,
    marginTop: margins.top,
    marginRight: margins.right,
    marginBottom: margins.bottom,
    marginLeft: names + 14,
    x: { domain: domainOf(bars, options), nice: true },
    y: {
      type: "linear",
      domain: [0, height],
      range: [margins.top, margins.top + height],
      axis: null,
    },
    marks: [
      ...quantityAxis(quantity, fontSize, { tickFormat: ",~r" }),
      ...(options.dots === true
        ? [quartiles, shapes(bars, options)]
        : [shapes(bars, options), quartiles]),
      ...(reference === undefined ? [] : [Plot.ruleX([reference.value], guide)]),
      Plot.text(titles, {
        frameAnchor: "left",
        y: "top",
        text: "group",
        textAnchor: "start",
        dx: -names - 10,
        fontSize,
        fontWeight: "bold",
        fill: ink.text,
      }),
      Plot.text(bars, {
        frameAnchor: "left",
        y: middle,
        text: "name",
        textAnchor: "end",
        dx: -6,
        fontSize,
        fill: ink.text,
      }),
      Plot.text(bars, {
        x: (bar: Placed) => Math.max(bar.value, bar.high),
        y: middle,
        text: (bar: Placed) => formatNumber(bar.value),
        textAnchor: "start",
        dx: 5,
        fontSize,
        fill: ink.muted,
        stroke: ink.card, // where the reference line runs through
        strokeWidth: 4,
      }),
    ],
  });
}

function marksOf(
  { bars }: ReturnType<typeof place>,
  { quantity, dots = false }: BarOptions,
  chart: ReturnType<typeof Plot.plot>,
): ChartMarks {
  const x = chart.scale("x")!;
  return {
    x: "Of",
    y: quantity,
    series: bars.map(({ name, group, value, low, high, top, ours }) => {
      const middle = margins.top + top + barHeight / 2;
      const words = `${formatNumber(value)} (quartiles ${formatNumber(low)} to ${
        formatNumber(high)
      })`;
      return {
        name,
        color: colors[ours ? "ours" : "other"],
        points: [[x.apply(value), middle, group, words, [x.apply(dots ? low : 0), middle]]],
      };
    }),
  };
}

/**
 * Bars from zero or dots, one for each row, with a line over their quartiles; what the chart is about is blue, the others gray.
 *
 * @param rows Medians with quartiles, in the order in which they are drawn.
 * @param options Title (the finding), setting, source, quantity, a reference line, and whether dots are drawn.
 * @returns The figure.
 * @throws {RangeError} If there is no row, a value is not finite or below 0, or the title is blank.
 */
export function kernelBars(rows: readonly BarRow[], options: BarOptions): Figure {
  requireRows("kernelBars()", rows);
  requireOptions("kernelBars()", options, {
    ...cardKinds,
    quantity: "string",
    reference: "object?",
    dots: "boolean?",
  });
  if (rows.length === 0) throw new RangeError("Cannot draw 0 bars: at least one is needed");
  rows.forEach(checkRow);
  checkLargest(rows.flatMap(({ value, low, high }) => [value, low, high]));
  const placed = place(rows);
  const { reference } = options;
  if (reference !== undefined) {
    requireOptions("the reference of kernelBars()", reference, {
      label: "string",
      value: "number",
    });
  }
  const named = reference === undefined
    ? []
    : [`Dotted: ${reference.label} (${formatNumber(reference.value)})`];
  return drawCard(options, {
    draw: (room) => draw(placed, options, room),
    marks: (chart) => marksOf(placed, options, chart),
    notes: [`${options.dots === true ? "Dots" : "Bars"}: medians, lines: quartiles`, ...named],
    numbers: rows.map(({ group, name, value, low, high }) =>
      `${group}, ${name}: ${formatNumber(value)} (${formatNumber(low)} to ${formatNumber(high)})`
    ),
  });
}
