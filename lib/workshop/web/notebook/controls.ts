// What stands below a notebook's chart: figures that move, and a link to the laboratory with the chart's settings, which the page's module makes a button that
// trains them in place.

import { escapeHtml } from "../../pages/html.ts";
import type { Picture } from "../../pages/pictures.ts";
import type { LiveParts } from "../../pages/site.ts";
import { movingFigures } from "../formulas/figures.ts";
import { movingHtml } from "../formulas/moving_html.ts";
import { laboratoryAddress } from "../frame.ts";
import { laboratoryStyle, movingStyle } from "../style.ts";
import { designNames } from "../laboratory/charts.ts";
import { readExperiment } from "../laboratory/address.ts";
import { initialExperiment } from "../laboratory/choices.ts";
import { chartTrial } from "./chart_trial.ts";

/** The button below a chart that shows a training. */
function trialHtml(picture: Picture): string {
  const choices = chartTrial(picture);
  if (choices === undefined) return "";
  const address = laboratoryAddress(choices);
  const query = address.slice(address.indexOf("?"));
  const { experiment } = readExperiment(query, initialExperiment(false));
  const words = `Train ${designNames(experiment).join(" beside ")} here`;
  return `\n<p class="trial"><a class="button" href="${escapeHtml(address)}">${
    escapeHtml(words)
  }</a></p>`;
}

/** The figures that move which belong below a chart. */
function movingBelow({ marks }: Picture): string {
  if (marks === undefined) return "";
  const lines = (marks.series as readonly { readonly name: string }[]).map(({ name }) => name);
  return movingFigures
    .filter(({ below }) => below.measure.test(String(marks.y)) && lines.includes(below.line))
    .map((figure) => `\n${movingHtml(figure, "h3")}`).join("");
}

/** The parts of notebooks' pages that train and move. */
export const liveParts: LiveParts = {
  below: (picture) => trialHtml(picture) + movingBelow(picture),
  module: "app/notebook.js",
  style: `${laboratoryStyle}${movingStyle}.trial { margin: -.25rem 0 1.4rem; }
.trial .button[aria-expanded="true"] { border-color: var(--accent); }
.panel { margin: -.4rem 0 1.6rem; padding: 1rem; border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 8px; }
@media (max-width: 40rem) { .panel { padding: .75rem .6rem; } }
@media print { .trial, .panel { display: none; } }
`,
};
