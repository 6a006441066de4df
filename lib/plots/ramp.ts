/**
 * The legend of a color scale: a strip of rectangles with a few ticks. No canvas.
 */
import type { Scale } from "@observablehq/plot";
import { svgElement } from "./markers.ts";
import { formatNumber } from "./measurements.ts";
import { evenTicks, logTicks } from "./ticks.ts";
import { ink } from "./typography.ts";

/** Height of the legend in pixels. */
export const rampHeight = 44;

const steps = 60;
const strip = { top: 18, height: 8 } as const;

/**
 * The legend of a linear or log color scale.
 *
 * @param document Document that creates the elements.
 * @param scale The color scale of a Plot.
 * @param label Quantity with its unit.
 * @param box Left edge and width of the strip in pixels.
 * @returns A group at the top of the chart, {@link rampHeight} high.
 */
export function colorRamp(
  document: Document,
  scale: Scale,
  label: string,
  box: { readonly left: number; readonly width: number },
): SVGElement {
  const [low, high] = scale.domain as [number, number];
  const log = scale.type === "log";
  const valueAt = (share: number): number =>
    log ? low ** (1 - share) * high ** share : low + (high - low) * share;
  const shareOf = (value: number): number =>
    log
      ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))
      : (value - low) / (high - low);
  const group = svgElement(document, "g", { "aria-label": "color legend", fill: ink.text });
  const title = svgElement(document, "text", { x: box.left, y: 10, "text-anchor": "start" });
  title.textContent = label;
  group.append(title);
  for (let k = 0; k < steps; k++) {
    group.append(svgElement(document, "rect", {
      x: box.left + k * box.width / steps,
      y: strip.top,
      // Half a pixel of overlap hides the seams that anti-aliasing leaves.
      width: box.width / steps + (k < steps - 1 ? 0.5 : 0),
      height: strip.height,
      fill: scale.apply(valueAt((k + 0.5) / steps)),
    }));
  }
  for (const value of log ? logTicks(low, high, 2) : evenTicks(low, high, 6)) {
    const at = box.left + box.width * shareOf(value);
    const tick = svgElement(document, "text", {
      x: at,
      y: strip.top + strip.height + 13,
      "font-size": 10,
    });
    tick.textContent = formatNumber(value);
    group.append(tick);
  }
  return group;
}
