/**
 * The line chart behind loss curves and depth profiles: series, bands over seeds, gray guides and
 * names at the ends of lines.
 *
 * It knows axes and marks, not what is measured; the public charts in this folder say that.
 */
import * as Plot from "@observablehq/plot";
import { requireOneOf } from "../core/check.ts";
import { extent } from "../core/extent.ts";
import { type CardOptions, drawCard, type Room } from "./card.ts";
import { endLabels, labelPitch, type LineEnd } from "./end_labels.ts";
import type { Figure } from "./figure.ts";
import { lineMarkers, type LineStyle } from "./markers.ts";
import { distinctPoints, type MarkedSeries } from "./marks.ts";
import { type DrawnLine, extraWidths } from "./overlaps.ts";
import {
  checkLargest,
  checkPositive,
  formatNumber,
  inSentence,
  leastSpan,
} from "./measurements.ts";
import { type VariantStyle, variantStyle } from "./palette.ts";
import type { Series, SeriesPoint } from "./series.ts";
import { logTicks, wholeTicks } from "./ticks.ts";
import { ink } from "./typography.ts";

/** A gray curve to compare with: theory, or a constant. */
export interface Guide {
  /** Name at the curve's end. */
  readonly label: string;
  /** Points from left to right. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** A part of the horizontal axis with a name, whose places are counted by themselves. */
export interface Section {
  /** Its name, drawn above. */
  readonly name?: string;
  /** The first place of the axis that it has. */
  readonly first: number;
  /** Where it ends, on the same axis. */
  readonly last: number;
  /** How much more a place of the axis is than what it is called. */
  readonly shift: number;
}

/** What a line chart shows. */
export interface LineChart {
  /** Measured series. */
  readonly series: readonly Series[];
  /** Gray curves. */
  readonly guides: readonly Guide[];
  /** Horizontal axis; its values are whole numbers, or anything above 0 where `xTicks` are given. */
  readonly xLabel: string;
  /** Ticks of a log horizontal axis; a linear axis of whole numbers by default. */
  readonly xTicks?: readonly number[];
  /** Parts of the horizontal axis; one without a name by default. */
  readonly sections?: readonly Section[];
  /** Vertical axis, with its unit. */
  readonly yLabel: string;
  /** Kind of the vertical scale. */
  readonly scale: "linear" | "log";
  /** How many points lie between two markers of a line; 1 marks each. */
  readonly markerEvery: number;
  /** Sentences for the caption. */
  readonly notes: readonly string[];
  /** The look of a series by its id; that of the residual variants by default. */
  readonly styleOf?: (id: string) => VariantStyle;
}

const margins = { top: 30, bottom: 36, left: 52 } as const;
const leastPlotHeight = 180;

/**
 * Draws a line chart on a card.
 *
 * @param chart What to show.
 * @param options The words around the chart, and its size.
 * @returns The figure.
 * @throws {RangeError} If a guide is empty or not finite, a value cannot stand on a log scale, or the
 * card's options are not allowed.
 */
export function lineChart(chart: LineChart, options: CardOptions): Figure {
  requireOneOf("scale", chart.scale, ["linear", "log"]);
  chart.guides.forEach(checkGuide);
  const values = drawnValues(chart);
  checkLargest([...values, ...placesOf(chart)]);
  if (chart.scale === "log") checkPositive(values);
  return drawCard(options, {
    draw: (room) => draw(chart, room),
    marks: (drawn) => ({
      x: chart.xLabel,
      y: chart.yLabel,
      series: markedSeries(chart, drawn),
    }),
    notes: [...bandNotes(chart.series), ...chart.notes],
    numbers: chart.series.map((series) =>
      describe(series, styleIn(chart, series), (x) => placeIn(chart, x))
    ),
  });
}

const sectionAt = ({ sections = [] }: LineChart, x: number): Section | undefined =>
  sections.find(({ first, last }) => first <= x && x <= last);

/** A place of the horizontal axis as tips name it: `3`, or `encoder 3`. */
function placeUnder(chart: LineChart, x: number): number | string {
  const section = sectionAt(chart, x);
  return section?.name === undefined ? x : `${section.name} ${x - section.shift}`;
}

/** A place of the horizontal axis in words: `layer 3`, or `encoder layer 3`. */
function placeIn(chart: LineChart, x: number): string {
  const { xLabel } = chart;
  const section = sectionAt(chart, x);
  const place = `${inSentence(xLabel)} ${x - (section?.shift ?? 0)}`;
  return section?.name === undefined ? place : `${section.name} ${place}`;
}

/** The ticks of an axis in sections, each from its own first place. */
const sectionTicks = (sections: readonly Section[]): number[] =>
  sections.flatMap(({ first, last, shift }) =>
    wholeTicks(first - shift, last - shift).map((tick) => tick + shift)
  );

/** Names of sections above them, and rules between them. */
function sectionMarks(sections: readonly Section[]): Plot.Markish[] {
  return [
    Plot.ruleX(sections.slice(1).map(({ first }) => first - 1), { stroke: ink.axis }),
    Plot.text(sections, {
      x: ({ first, last }: Section) => (first + last) / 2,
      text: "name",
      frameAnchor: "top",
      dy: -12,
      fontSize: 11,
      fontWeight: 600,
      fill: ink.text,
    }),
  ];
}

function styleIn({ styleOf = variantStyle }: LineChart, { variant }: Series): VariantStyle {
  return styleOf(variant);
}

function draw(chart: LineChart, { width, height, document }: Room): ReturnType<typeof Plot.plot> {
  const { series, guides, sections } = chart;
  const ticksX = chart.xTicks ??
    (sections === undefined ? undefined : sectionTicks(sections));
  const [first, last] = extent(placesOf(chart));
  const ends = [
    ...series.map((one) => lineEnd(styleIn(chart, one), seriesPoints(one), last)),
    ...guides.map((guide) => lineEnd(guideStyle(guide), guide.points, last)),
  ];
  const names = endLabels(ends, width);
  const [low, high] = valueDomain(chart);
  const logarithmic = chart.scale === "log";
  const ticks = logarithmic ? logTicks(low, high, 3) : 6;
  const plotHeight = Math.max(
    height - margins.top - margins.bottom,
    leastPlotHeight,
    (ends.length - 1) * labelPitch,
  );
  const extra = extraWidths(
    series.map((one) => inPixels(one, { chart, low, high, height: plotHeight })),
  );
  return Plot.plot({
    document,
    width,
    height: plotHeight + margins.top + margins.bottom,
    marginTop: margins.top,
    marginBottom: margins.bottom,
    marginLeft: margins.left,
    marginRight: names.margin,
    x: { type: chart.xTicks === undefined ? "linear" : "log", domain: [first, last] },
    y: { type: chart.scale, domain: [low, high], nice: !logarithmic },
    marks: [
      Plot.gridY({ stroke: ink.grid, strokeOpacity: 1, ticks }),
      Plot.axisY({
        label: chart.yLabel,
        labelAnchor: "top",
        labelArrow: "none",
        labelOffset: margins.left,
        fontSize: 11,
        tickSize: 0,
        ticks,
        text: tickText,
      }),
      Plot.axisX({
        label: chart.xLabel,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 33,
        fontSize: 11,
        stroke: ink.axis,
        fill: ink.text,
        ticks: ticksX ?? wholeTicks(first, last),
        ...(ticksX === undefined ? { tickFormat: ",d" } : {
          text: (tick: number) => placeIn(chart, tick).split(" ").at(-1)!,
        }),
      }),
      Plot.frame({ anchor: "bottom", stroke: ink.axis }),
      ...(sections === undefined ? [] : sectionMarks(sections)),
      ...series.filter((one) => one.seeds > 1).map((one) => bandMark(one, styleIn(chart, one))),
      ...series.flatMap((one, index) =>
        lineMarks(one, styleIn(chart, one), { every: chart.markerEvery, extra: extra[index]! })
      ),
      ...guides.map(guideMark),
      names.mark,
    ],
  });
}

/** As text and not as a tick format, since of a log scale's formatted ticks d3 leaves some blank. */
const tickText = (tick: number): string => formatNumber(tick);

/** The drawn points with their values; over several seeds with the least and the greatest. */
function markedSeries(chart: LineChart, drawn: Plot.Plot): MarkedSeries[] {
  const at = (x: number, y: number): [number, number] => [
    drawn.scale("x")!.apply(x),
    drawn.scale("y")!.apply(y),
  ];
  const measured = chart.series.map((one): MarkedSeries => ({
    name: styleIn(chart, one).label,
    color: styleIn(chart, one).color,
    points: distinctPoints(
      one.points.filter(({ mean }) => Number.isFinite(mean)).map(({ x, mean, low, high }) => {
        const range = one.seeds > 1 ? ` (${formatNumber(low)} to ${formatNumber(high)})` : "";
        return [...at(x, mean), placeUnder(chart, x), formatNumber(mean) + range];
      }),
    ),
  }));
  const compared = chart.guides.map((guide): MarkedSeries => ({
    name: guide.label,
    color: guideStyle(guide).color,
    points: distinctPoints(guide.points.map(({ x, y }) => [...at(x, y), x, formatNumber(y)])),
  }));
  return [...measured, ...compared];
}

/** A line's points with their heights in pixels, about where Plot will draw them. */
function inPixels(
  { points }: Series,
  { chart, low, high, height }: {
    readonly chart: LineChart;
    readonly low: number;
    readonly high: number;
    readonly height: number;
  },
): DrawnLine {
  const across = chart.xTicks === undefined ? Number : Math.log;
  const up = chart.scale === "log" ? Math.log : Number;
  const unit = height / (up(high) - up(low));
  return points.map(({ x, mean }) => ({ x: across(x), y: unit * (up(mean) - up(low)) }));
}

/** A line with its markers, wider and larger by `extra` pixels where others are drawn above it. */
function lineMarks(
  { points }: Series,
  style: VariantStyle,
  { every, extra }: { readonly every: number; readonly extra: number },
): Plot.Markish[] {
  const line = { x: "x", y: "mean", stroke: style.color, strokeWidth: 1.75 + extra };
  const end = points.findLastIndex(({ mean }) => Number.isFinite(mean));
  const marked = points.filter((_, index) => (end - index) % every === 0);
  return [
    Plot.line(points, style.dash === undefined ? line : { ...line, strokeDasharray: style.dash }),
    lineMarkers(marked.map(({ x, mean }) => ({ x, y: mean })), style, 1 + extra / 5),
  ];
}

function bandMark({ points }: Series, { color }: VariantStyle): Plot.Markish {
  return Plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: color, fillOpacity: 0.18 });
}

function guideMark(guide: Guide): Plot.Markish {
  const { color, dash = "" } = guideStyle(guide);
  return Plot.line(guide.points, {
    x: "x",
    y: "y",
    stroke: color,
    strokeWidth: 1.5,
    strokeDasharray: dash,
  });
}

function checkGuide({ label, points }: Guide): void {
  if (points.length === 0) {
    throw new RangeError(`Cannot draw ${label} of 0 points: at least one is needed`);
  }
  const refused = points.flatMap(({ x, y }) => [x, y]).find((value) => !Number.isFinite(value));
  if (refused !== undefined) {
    throw new RangeError(`Cannot draw ${label} at ${refused}: every value must be finite`);
  }
}

function guideStyle({ label }: Guide): LineStyle {
  return { label, color: ink.guide, dash: "1.5 2.5" };
}

function lineEnd(
  style: LineStyle,
  points: readonly { x: number; y: number }[],
  last: number,
): LineEnd {
  const at = points.findLast(({ y }) => Number.isFinite(y));
  if (at === undefined) return { style, at, name: `${style.label} (not finite)` };
  return { style, at, name: at.x < last ? `${style.label} (to ${at.x})` : style.label };
}

function seriesPoints({ points }: Series): { x: number; y: number }[] {
  return points.map(({ x, mean }) => ({ x, y: mean }));
}

const placesOf = ({ series, guides }: LineChart): number[] =>
  [...series, ...guides].flatMap(({ points }) => points.map(({ x }) => x));

function drawnValues({ series, guides }: LineChart): number[] {
  return [
    ...series.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high])),
    ...guides.flatMap(({ points }) => points.map(({ y }) => y)),
  ].filter(Number.isFinite);
}

function valueDomain(chart: LineChart): [number, number] {
  const values = drawnValues(chart);
  const [low, high] = extent(values);
  if (chart.scale === "log") {
    const room = low < high ? 0.04 * (Math.log(high) - Math.log(low)) : Math.LN2;
    return [
      Math.max(low / Math.exp(room), Number.MIN_VALUE),
      Math.min(high * Math.exp(room), Number.MAX_VALUE),
    ];
  }
  if (high - low > leastSpan) return [low, high];
  const room = Math.abs(low) > leastSpan ? Math.abs(low) / 2 : 1;
  return [low - room, low + room];
}

function bandNotes(series: readonly Series[]): string[] {
  const seeds = series.map((one) => one.seeds).filter((count) => count > 1);
  if (seeds.length === 0) return [];
  const [fewest, most] = extent(seeds);
  const count = fewest === most ? most : `${fewest} to ${most}`;
  return [`Lines: mean, bands: least to greatest over ${count} seeds`];
}

function describe(
  { points, seeds }: Series,
  { label }: VariantStyle,
  placeOf: (x: number) => string,
): string {
  const end: SeriesPoint | undefined = points.findLast(({ mean }) => Number.isFinite(mean));
  if (end === undefined) return `${label}: no finite value`;
  const range = seeds > 1
    ? ` (${formatNumber(end.low)} to ${formatNumber(end.high)} over ${seeds} seeds)`
    : "";
  return `${label}: ${formatNumber(end.mean)} at ${placeOf(end.x)}${range}`;
}
