// What stands below a notebook's chart: a link to the laboratory with the chart's settings, which the page's module makes a button that
// trains them in place.

import { escapeHtml } from "../../pages/html.ts";
import type { LiveParts } from "../../pages/site.ts";
import { laboratoryAddress } from "../frame.ts";
import { laboratoryStyle } from "../style.ts";
import { designNames } from "../laboratory/charts.ts";
import { readExperiment } from "../laboratory/address.ts";
import { initialExperiment } from "../laboratory/choices.ts";
import { chartTrial } from "./chart_trial.ts";

/** The parts of notebooks' pages that train. */
export const liveParts: LiveParts = {
  below(picture) {
    const choices = chartTrial(picture);
    if (choices === undefined) return "";
    const address = laboratoryAddress(choices);
    const { experiment } = readExperiment(
      address.slice(address.indexOf("?")),
      initialExperiment(false),
    );
    const words = `Train ${designNames(experiment).join(" beside ")} here`;
    return `\n<p class="trial"><a class="button" href="${escapeHtml(address)}">${
      escapeHtml(words)
    }</a></p>`;
  },
  module: "app/notebook.js",
  style: `${laboratoryStyle}
.trial { margin: -.25rem 0 1.4rem; }
.trial .button[aria-expanded="true"] { border-color: var(--accent); }
.panel { margin: -.4rem 0 1.6rem; padding: 1rem; border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 8px; }
@media (max-width: 40rem) { .panel { padding: .75rem .6rem; } }
@media print { .trial, .panel { display: none; } }
`,
};
