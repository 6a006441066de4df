/**
 * Names at the right end of lines, in a column of their own where none covers another.
 *
 * Each name has a sample of its line, so that a reader needs neither color nor a legend.
 */
import type { RenderFunction } from "@observablehq/plot";
import { greatest } from "../core/extent.ts";
import { type LineStyle, marker, svgElement } from "./markers.ts";
import { ink, shortenText, textWidth } from "./typography.ts";

/** A named end of a line, in data units. */
export interface LineEnd {
  /** The line's look and name. */
  readonly style: LineStyle;
  /** Name shown beside it. */
  readonly name: string;
  /** Last drawn place, `undefined` where nothing of the line is drawn. */
  readonly at: { readonly x: number; readonly y: number } | undefined;
}

const fontSize = 11;
const columns = { leader: 18, sample: 20, text: 43 } as const;
const widestText = 190;

/** Least distance between the baselines of two names, in pixels. */
export const labelPitch = 14;

/**
 * Positions nearest to the wanted ones that keep a distance and stay in an interval.
 *
 * Least squares under the ordering (pool adjacent violators); equal wishes keep their order.
 *
 * @param wanted Wanted positions in any order.
 * @param pitch Least distance between two positions.
 * @param low Least position.
 * @param high Greatest position.
 * @returns Positions in the order of `wanted`; they pass `high` only where the interval is too short.
 */
export function spreadLabels(
  wanted: readonly number[],
  pitch: number,
  low: number,
  high: number,
): number[] {
  const order = wanted.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  const pools: { sum: number; count: number }[] = [];
  order.forEach(({ at }, rank) => {
    pools.push({ sum: at - rank * pitch, count: 1 });
    for (let last = pools.length - 1; last > 0; last--) {
      const [left, right] = [pools[last - 1]!, pools[last]!];
      if (left.sum / left.count <= right.sum / right.count) break;
      pools.splice(last - 1, 2, { sum: left.sum + right.sum, count: left.count + right.count });
    }
  });
  const top = Math.max(low, high - (wanted.length - 1) * pitch);
  const starts = pools.flatMap(({ sum, count }) =>
    Array<number>(count).fill(Math.min(Math.max(sum / count, low), top))
  );
  const placed = new Array<number>(wanted.length);
  order.forEach(({ index }, rank) => placed[index] = starts[rank]! + rank * pitch);
  return placed;
}

/** Names at the ends of lines, and the room they take. */
export interface EndLabels {
  /** Width of the right margin that holds the names, in pixels. */
  readonly margin: number;
  /** The Plot mark that draws them. */
  readonly mark: RenderFunction;
}

/**
 * Names for the ends of lines, in the right margin.
 *
 * A line that reaches the right edge is led to its name; one that stops earlier is not, since the
 * leader would look like data.
 *
 * @param ends The lines' ends.
 * @param width Width of the whole chart in pixels; names take at most two fifths of it.
 * @returns The mark, and the margin that it needs.
 */
export function endLabels(ends: readonly LineEnd[], width: number): EndLabels {
  const widest = Math.min(widestText, 0.4 * width - columns.text);
  const names = ends.map(({ name }) => shortenText(name, widest, fontSize));
  const textRoom = greatest(names.map((name) => textWidth(name, fontSize)));
  const mark: RenderFunction = (_index, scales, _values, dimensions, { document }) => {
    const right = dimensions.width - dimensions.marginRight;
    const top = dimensions.marginTop;
    const bottom = dimensions.height - dimensions.marginBottom;
    const from = ends.map(({ at }) => at && { x: scales.x!(at.x), y: scales.y!(at.y) });
    const rows = spreadLabels(from.map((end) => end?.y ?? top), labelPitch, top, bottom);
    const group = svgElement(document, "g", { "aria-label": "line ends" });
    ends.forEach(({ style }, index) => {
      const [end, y] = [from[index], rows[index]!];
      if (end !== undefined && right - end.x < 1) {
        group.append(leader(document, style.color, right, end.y, y));
      }
      group.append(...lineSample(document, style, right + columns.leader, y));
      const name = svgElement(document, "text", {
        x: right + columns.text,
        y,
        dy: "0.35em",
        "font-size": fontSize,
        "text-anchor": "start",
        fill: style.marker === undefined ? ink.muted : ink.text,
      });
      name.textContent = names[index]!;
      group.append(name);
    });
    return group;
  };
  return { margin: Math.ceil(columns.text + textRoom + 2), mark };
}

function leader(
  document: Document,
  color: string,
  right: number,
  from: number,
  to: number,
): SVGElement {
  return svgElement(document, "path", {
    d: `M${right},${from}h5L${right + columns.leader},${to}`,
    fill: "none",
    stroke: color,
    "stroke-opacity": 0.6,
    "stroke-width": 0.75,
  });
}

function lineSample(document: Document, style: LineStyle, x: number, y: number): SVGElement[] {
  const line = svgElement(document, "path", {
    d: `M${x},${y}h${columns.sample}`,
    stroke: style.color,
    "stroke-width": 1.75,
    "stroke-dasharray": style.dash,
  });
  return [line, ...marker(document, style, x + columns.sample / 2, y)];
}
