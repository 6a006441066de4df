// Charts in a page, as they are drawn there.

import type { Figure } from "../../plots/figure.ts";
import { readMarks } from "../../plots/marks.ts";
import { chartTips } from "../pages/page_script.ts";

/**
 * A figure's picture without its values, without the title that browsers would show under the pointer, and without names of its
 * parts, which no reader of the screen comes to: it is one picture.
 */
const bareSvg = ({ svg }: Figure): string =>
  svg.replace(/<metadata>[^<]*<\/metadata>\n?/, "").replace(/<title>[^<]*<\/title>\n?/, "")
    .replaceAll(/(<(?:g|line)\b[^>]*?) aria-label="[^"]*"/g, "$1");

/** @returns How wide a chart is drawn in an element: as it, within what charts can be. */
export const chartWidth = ({ clientWidth }: HTMLElement): number =>
  Math.round(Math.min(640, Math.max(400, clientWidth)));

/**
 * Shows a chart on its card, at most as wide as it was drawn.
 *
 * @param holder The chart's element.
 * @param figure The chart.
 * @param isLast Whether it stays: it then shows its values under the pointer and by arrow keys.
 */
export function showFigure(holder: HTMLElement, figure: Figure, isLast: boolean): void {
  const card = document.createElement("div");
  card.className = "card";
  card.innerHTML = bareSvg(figure);
  const marks = isLast ? readMarks(figure.svg) : undefined;
  if (marks !== undefined) {
    const data = document.createElement("script");
    data.type = "application/json";
    data.textContent = JSON.stringify(marks);
    card.append(data);
    card.tabIndex = 0;
    card.setAttribute("role", "group");
    const [title] = figure.description.split("\n");
    card.setAttribute("aria-label", `Chart: ${title}. Arrow keys move from value to value.`);
    chartTips([card]);
  }
  holder.replaceChildren(card);
}
