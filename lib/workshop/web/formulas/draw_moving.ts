// Draws a figure that moves, in the page.

import { chartWidth, showFigure } from "../figure_view.ts";
import { movingFigures } from "./figures.ts";

/**
 * Draws a figure where its sliders stand.
 *
 * @param id The figure.
 * @param holder The chart's element.
 * @param places A value of each slider.
 */
export function drawMoving(
  id: string,
  holder: HTMLElement,
  places: Readonly<Record<string, number>>,
): void {
  const figure = movingFigures.find((one) => one.id === id)!;
  showFigure(holder, figure.draw(places, chartWidth(holder)), true);
}
