// The horizontal axis of charts whose values lie along it: rules behind the marks, round numbers, and what is measured.

import * as Plot from "@observablehq/plot";
import { ink } from "./typography.ts";

/**
 * The axis, and its rules.
 *
 * @param quantity What is measured, with its unit.
 * @param fontSize The size of its words, in pixels.
 * @param format How its numbers are written, as Plot's axes take it.
 * @returns The marks, to be drawn before all others.
 */
export function quantityAxis(
  quantity: string,
  fontSize: number,
  format: Pick<Plot.AxisXOptions, "text" | "tickFormat">,
): Plot.Markish[] {
  return [
    Plot.gridX({ stroke: ink.grid, strokeOpacity: 1, ticks: 6 }),
    Plot.axisX({
      label: quantity,
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: 34,
      fontSize,
      ticks: 6,
      tickSize: 0,
      ...format,
    }),
  ];
}
