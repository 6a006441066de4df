// A figure that moves as HTML: its picture as it begins, and the sliders that the page's module shows.

import { marksType, readMarks } from "../../../plots/marks.ts";
import { setFormula } from "../../pages/formulas.ts";
import { escapeHtml } from "../../pages/html.ts";
import { pictureOf, renderPicture } from "../../pages/pictures.ts";
import { initialPlaces, type MovingFigure, type Slider } from "./figures.ts";

function sliderHtml(name: string, { label, values, initial }: Slider): string {
  return `<label><span>${escapeHtml(label)}</span><input type="range" name="${name}" min="0" max="${
    values.length - 1
  }" value="${values.indexOf(initial)}" aria-valuetext="${initial}" data-values="${
    values.join(" ")
  }"><output>${initial}</output></label>`;
}

/**
 * A figure that moves.
 *
 * @param figure The figure.
 * @param heading The level of its heading.
 * @returns A section that shows the figure as it begins; its sliders are hidden until a module moves them.
 */
export function movingHtml(figure: MovingFigure, heading: "h2" | "h3"): string {
  const { id, equation, source, sliders } = figure;
  const { svg, description } = figure.draw(initialPlaces(figure), 640);
  const data = { "image/svg+xml": svg, "text/plain": description, [marksType]: readMarks(svg) };
  return `<section class="moving" id="figure:${id}" aria-labelledby="figure:${id}:title">
<${heading} id="figure:${id}:title">${escapeHtml(figure.heading)}</${heading}>
<p class="source">${escapeHtml(source)}</p>
${setFormula(equation, true)}
${renderPicture(pictureOf(data, {})!)}
<form class="sliders" autocomplete="off" hidden>
${Object.entries(sliders).map(([name, slider]) => sliderHtml(name, slider)).join("\n")}
</form>
<p class="notes" role="alert"></p>
</section>`;
}
