/** Gradient norms as a layer × parameter heat map, one panel per variant. */
import * as Plot from "@observablehq/plot";
import { type CardOptions, drawCard, type Room } from "./card.ts";
import type { Figure } from "./figure.ts";
import type { MarkedSeries } from "./marks.ts";
import { checkMeasurements, checkPositive, formatNumber, nonFiniteNotes } from "./measurements.ts";
import { orderVariants, variantStyle } from "./palette.ts";
import { panelGrid } from "./panel_grid.ts";
import { colorRamp, rampHeight } from "./ramp.ts";
import { ink, shortenText, textWidth } from "./typography.ts";

/** The gradient norm of one parameter of one layer. */
export interface GradientRow {
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

interface Panels {
  readonly rows: readonly GradientRow[];
  readonly variants: readonly string[];
  readonly layers: readonly number[];
  readonly parameters: readonly string[];
  readonly quantity: string;
}

const margins = { top: 24, bottom: 38, right: 4 } as const;
const fontSize = 11;
const widestParameter = 150;

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
export function gradientHeatmap(rows: readonly GradientRow[], options: GradientOptions): Figure {
  const norms = rows.map(({ norm }) => norm);
  checkMeasurements(
    rows.map(({ layer, norm }) => ({ place: layer, value: norm })),
    { chart: "a gradient heat map", place: "layer" },
  );
  checkPositive(norms);
  checkUnique(rows);
  const panels: Panels = {
    rows,
    variants: orderVariants(rows.map(({ variant }) => variant)),
    layers: [...new Set(rows.map(({ layer }) => layer))].sort((a, b) => a - b),
    parameters: [...new Set(rows.map(({ parameter }) => parameter))],
    quantity: options.quantity ?? "Gradient norm (L2, log scale)",
  };
  const cells = panels.variants.length * panels.layers.length * panels.parameters.length;
  const blank = cells > rows.length ? ["Blank: not in that variant or layer"] : [];
  return drawCard(options, {
    draw: (room) => draw(panels, room),
    marks: (drawn) => ({ x: "Layer", y: panels.quantity, series: markedRows(panels, drawn) }),
    notes: [...nonFiniteNotes(norms), ...blank],
    numbers: panels.variants.map((variant) => describe(rows, variant)),
  });
}

function draw(panels: Panels, { width, height, document }: Room): Plot.Plot & SVGSVGElement {
  const { rows, variants, layers, parameters, quantity } = panels;
  const top = rampHeight + margins.top;
  const names = parameters.map((name) => textWidth(name, fontSize));
  const left = Math.ceil(Math.min(Math.max(...names), widestParameter)) + 10;
  const grid = panelGrid({
    count: variants.length,
    width: width - left - margins.right,
    height: height - top - margins.bottom,
    leastWidth: Math.max(72, 4 * layers.length),
    leastHeight: 14 * parameters.length,
  });
  const finite = rows.map(({ norm }) => norm).filter(Number.isFinite);
  const place = (variant: string): { fx: number; fy: number } =>
    panelPlace(variants.indexOf(variant), grid.columns);
  const cells = rows.map((row) => ({ ...row, ...place(row.variant) }));
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
    x: { type: "band", domain: layers, padding: 0, round: false },
    y: { type: "band", domain: parameters, padding: 0, round: false },
    color: { type: "log", scheme: "viridis", domain: colorDomain(finite) },
    marks: [
      Plot.cell(cells.filter(({ norm }) => Number.isFinite(norm)), {
        x: "layer",
        y: "parameter",
        fx: "fx",
        fy: "fy",
        fill: "norm",
        inset: 0.5,
      }),
      Plot.text(cells.filter(({ norm }) => !Number.isFinite(norm)), {
        x: "layer",
        y: "parameter",
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
        label: "Layer",
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 34,
        tickSize: 0,
        tickPadding: 5,
        fontSize,
        ticks: shownLayers(layers, grid.panelWidth),
      }),
      Plot.axisY({
        label: null,
        tickSize: 0,
        tickPadding: 6,
        fontSize,
        tickFormat: (name: string) => shortenText(name, widestParameter, fontSize),
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

/** The middles of the cells with their norms: one series for each row of each panel. */
function markedRows({ rows, variants, parameters }: Panels, drawn: Plot.Plot): MarkedSeries[] {
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
    return parameters.map((parameter): MarkedSeries => ({
      name: `${variantStyle(variant).label}, ${parameter}`,
      points: rows.filter((row) => row.variant === variant && row.parameter === parameter)
        .map(({ layer, norm }) => [
          middle(x!, fx!, layer, place.fx),
          middle(y!, fy!, parameter, place.fy),
          layer,
          Number.isFinite(norm) ? formatNumber(norm) : "not finite",
        ]),
    }));
  });
}

function colorDomain(norms: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...norms), Math.max(...norms)];
  return low < high ? [low, high] : [low / 2, low * 2];
}

function shownLayers(layers: readonly number[], width: number): number[] {
  const every = Math.ceil(layers.length * 18 / width);
  return layers.filter((_, index) => index % every === 0);
}

function checkUnique(rows: readonly GradientRow[]): void {
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

function describe(rows: readonly GradientRow[], variant: string): string {
  const { label } = variantStyle(variant);
  const own = rows.filter((row) => row.variant === variant && Number.isFinite(row.norm))
    .sort((a, b) => a.norm - b.norm);
  const [least, greatest] = [own[0], own.at(-1)];
  if (least === undefined || greatest === undefined) return `${label}: no finite norm`;
  return `${label}: from ${
    formatNumber(least.norm)
  } (layer ${least.layer}, ${least.parameter}) to ` +
    `${formatNumber(greatest.norm)} (layer ${greatest.layer}, ${greatest.parameter})`;
}
