/**
 * Cells by column and row in one color scale, one panel per variant: what the heat maps share.
 *
 * It knows axes, panels and colors, not what is measured; the public charts in this folder say that.
 */
import * as Plot from "@observablehq/plot";
import { extent, greatest } from "../core/extent.ts";
import { type CardOptions, drawCard, type Room } from "./card.ts";
import type { Figure } from "./figure.ts";
import type { MarkedSeries } from "./marks.ts";
import {
  checkLargest,
  formatNumber,
  inSentence,
  leastSpan,
  nonFiniteNotes,
} from "./measurements.ts";
import { orderVariants, variantStyle } from "./palette.ts";
import { panelGrid } from "./panel_grid.ts";
import { colorRamp, rampHeight } from "./ramp.ts";
import { ink, shortenText, textWidth } from "./typography.ts";

/** One value. */
export interface HeatCell {
  /** Variant id: the panel. */
  readonly variant: string;
  /** Place from left to right. */
  readonly column: number;
  /** Name of the row. */
  readonly row: string;
  /** The value; one that is not finite is a cross. */
  readonly value: number;
}

/** What a heat map shows. */
export interface HeatMap {
  /** The values; each place of a panel once at most. */
  readonly cells: readonly HeatCell[];
  /** The rows from top to bottom. */
  readonly rows: readonly string[];
  /** Name of the columns. */
  readonly columnLabel: string;
  /** Name of the rows, where their own names do not say it. */
  readonly rowLabel?: string;
  /** Name of the color scale. */
  readonly quantity: string;
  /** Kind of the color scale. */
  readonly scale: "linear" | "log";
  /** Sentences for the caption. */
  readonly notes: readonly string[];
  /** A line with the main numbers of a variant, from its finite cells. */
  readonly describe: (cells: readonly HeatCell[]) => string;
}

const margins = { top: 24, bottom: 38, right: 4 } as const;
const fontSize = 11;
const widestRow = 150;

/**
 * Draws a heat map on a card.
 *
 * @param map What to show.
 * @param options The words around the chart, and its size.
 * @returns The figure.
 * @throws {RangeError} If the card's options are not allowed.
 */
export function heatPanels(map: HeatMap, options: CardOptions): Figure {
  checkLargest(map.cells.map(({ value }) => value));
  const variants = orderVariants(map.cells.map(({ variant }) => variant));
  const finiteOf = (variant: string): HeatCell[] =>
    map.cells.filter((cell) => cell.variant === variant && Number.isFinite(cell.value));
  return drawCard(options, {
    draw: (room) => draw(map, variants, room),
    marks: (drawn) => ({
      x: map.columnLabel,
      y: map.quantity,
      series: markedRows(map, variants, drawn),
    }),
    notes: [...nonFiniteNotes(map.cells.map(({ value }) => value)), ...map.notes],
    numbers: variants.map((variant) =>
      `${variantStyle(variant).label}: ${map.describe(finiteOf(variant))}`
    ),
  });
}

function draw(
  map: HeatMap,
  variants: readonly string[],
  { width, height, document }: Room,
): Plot.Plot & SVGSVGElement {
  const { rows, quantity, scale, columnLabel, rowLabel = null } = map;
  const columns = [...new Set(map.cells.map(({ column }) => column))].sort((a, b) => a - b);
  const top = rampHeight + margins.top;
  const names = rows.map((name) => textWidth(name, fontSize));
  const label = rowLabel === null ? 0 : 18;
  const left = Math.ceil(Math.min(greatest(names), widestRow)) + 10 + label;
  const grid = panelGrid({
    count: variants.length,
    width: width - left - margins.right,
    height: height - top - margins.bottom,
    leastWidth: Math.max(72, 4 * columns.length),
    leastHeight: 14 * rows.length,
  });
  const finite = map.cells.map(({ value }) => value).filter(Number.isFinite);
  const place = (variant: string): { fx: number; fy: number } =>
    panelPlace(variants.indexOf(variant), grid.columns);
  const cells = map.cells.map((cell) => ({ ...cell, ...place(cell.variant) }));
  const titles = variants.map((variant) => ({ variant, ...place(variant) }));
  const chart = Plot.plot({
    document,
    width,
    height: grid.height + top + margins.bottom,
    marginTop: top,
    marginBottom: margins.bottom,
    marginLeft: left,
    marginRight: margins.right,
    fx: { axis: null, paddingInner: grid.gapX, paddingOuter: 0, round: false },
    fy: { axis: null, paddingInner: grid.gapY, paddingOuter: 0, round: false },
    x: { type: "band", domain: columns, padding: 0, round: false },
    y: { type: "band", domain: rows, padding: 0, round: false },
    color: { type: scale, scheme: "viridis", domain: colorDomain(finite, scale) },
    marks: [
      Plot.cell(cells.filter(({ value }) => Number.isFinite(value)), {
        x: "column",
        y: "row",
        fx: "fx",
        fy: "fy",
        fill: "value",
        inset: 0.5,
      }),
      Plot.text(cells.filter(({ value }) => !Number.isFinite(value)), {
        x: "column",
        y: "row",
        fx: "fx",
        fy: "fy",
        text: () => "×",
        fill: ink.text,
        fontSize,
      }),
      Plot.text(titles, {
        fx: "fx",
        fy: "fy",
        text: ({ variant }: { variant: string }) =>
          shortenText(variantStyle(variant).label, grid.panelWidth, fontSize),
        frameAnchor: "top-left",
        dy: -14,
        fontSize,
        fontWeight: 600,
        fill: ink.text,
      }),
      Plot.axisX({
        label: columnLabel,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 34,
        tickSize: 0,
        tickPadding: 5,
        fontSize,
        ticks: shownColumns(columns, grid.panelWidth),
      }),
      Plot.axisY({
        label: rowLabel,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: left - 8,
        tickSize: 0,
        tickPadding: 6,
        fontSize,
        tickFormat: (name: string) => shortenText(name, widestRow, fontSize),
      }),
    ],
  });
  chart.append(colorRamp(document, chart.scale("color")!, quantity, {
    left,
    width: Math.min(240, width - left - 20),
  }));
  return chart as Plot.Plot & SVGSVGElement;
}

/** Where a panel stands in the grid. */
function panelPlace(index: number, columns: number): { fx: number; fy: number } {
  return { fx: index % columns, fy: Math.floor(index / columns) };
}

/** The middles of the cells with their values: one series for each row of each panel. */
function markedRows(
  { cells, rows, rowLabel }: HeatMap,
  variants: readonly string[],
  drawn: Plot.Plot,
): MarkedSeries[] {
  const [x, y, fx, fy] = (["x", "y", "fx", "fy"] as const).map((name) => drawn.scale(name)!);
  const columns = [...fx!.domain!].length;
  // Plot moves each panel by its own place less that of the first.
  const middle = (
    scale: Plot.Scale,
    panels: Plot.Scale,
    value: number | string,
    panel: number,
  ): number => scale.apply(value) + scale.bandwidth! / 2 + panels.apply(panel) - panels.apply(0);
  return variants.flatMap((variant, index) => {
    const place = panelPlace(index, columns);
    return rows.map((row): MarkedSeries => ({
      name: `${variantStyle(variant).label}, ${
        rowLabel === undefined ? row : `${inSentence(rowLabel)} ${row}`
      }`,
      points: cells.filter((cell) => cell.variant === variant && cell.row === row)
        .map(({ column, value }) => [
          middle(x!, fx!, column, place.fx),
          middle(y!, fy!, row, place.fy),
          column,
          Number.isFinite(value) ? formatNumber(value) : "not finite",
        ]),
    })).filter(({ points }) => points.length > 0);
  });
}

function colorDomain(values: readonly number[], scale: HeatMap["scale"]): [number, number] {
  const [low, high] = extent(values);
  const isLog = scale === "log";
  if (high - low > (isLog ? 0 : leastSpan)) return [low, high];
  if (isLog) return [Math.max(low / 2, Number.MIN_VALUE), low * 2];
  return Math.abs(low) > leastSpan ? [low / 2, low * 2] : [0, 1];
}

function shownColumns(columns: readonly number[], width: number): number[] {
  const every = Math.ceil(columns.length * 18 / width);
  return columns.filter((_, index) => index % every === 0);
}
