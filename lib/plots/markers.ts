/**
 * Markers that tell lines apart without color, as SVG elements and as a Plot mark.
 */
import type { RenderFunction } from "@observablehq/plot";

/** The look of a line: a variant's, or a guide's, which has no marker. */
export interface LineStyle {
  /** Name shown at the line's end. */
  readonly label: string;
  /** Stroke color. */
  readonly color: string;
  /** Stroke dashes, `undefined` for a solid line. */
  readonly dash?: string | undefined;
  /** SVG path of the marker. */
  readonly marker?: string;
  /** Color inside the marker. */
  readonly markerFill?: string;
}

/**
 * A Plot mark that draws a line's marker at given places.
 *
 * @param points Places in data units; those that are not finite are left out.
 * @param style The line's look.
 * @param size Multiples of the ordinary size; 1 by default.
 * @returns The mark.
 */
export function lineMarkers(
  points: readonly { readonly x: number; readonly y: number }[],
  style: LineStyle,
  size = 1,
): RenderFunction {
  return (_index, scales, _values, _dimensions, { document }) => {
    const group = svgElement(document, "g", { "aria-label": `${style.label} markers` });
    for (const { x, y } of points.filter((point) => Number.isFinite(point.y))) {
      group.append(...marker(document, style, scales.x!(x), scales.y!(y), size));
    }
    return group;
  };
}

/**
 * A line's marker at one place.
 *
 * @param document Document that creates the element.
 * @param style The line's look.
 * @param x Place in pixels from the left.
 * @param y Place in pixels from the top.
 * @param size Multiples of the ordinary size; 1 by default.
 * @returns One element, or none for a line without marker.
 */
export function marker(
  document: Document,
  style: LineStyle,
  x: number,
  y: number,
  size = 1,
): SVGElement[] {
  if (style.marker === undefined) return [];
  return [svgElement(document, "path", {
    transform: `translate(${x},${y})${size === 1 ? "" : `scale(${size})`}`,
    d: style.marker,
    fill: style.markerFill,
    stroke: style.color,
    "stroke-width": 1.25,
  })];
}

/**
 * An SVG element with attributes.
 *
 * @param document Document that creates the element.
 * @param name Tag name.
 * @param attributes Attributes; `undefined` ones are left out.
 * @returns The element.
 */
export function svgElement(
  document: Document,
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(key, String(value));
  }
  return element;
}
