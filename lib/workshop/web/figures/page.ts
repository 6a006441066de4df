// The page of figures that move: closed forms with their sliders, and recorded grids whose points open their curves.

import { escapeHtml } from "../../pages/html.ts";
import { wholePage } from "../../pages/page.ts";
import { appBar, type PageNotes } from "../frame.ts";
import { movingFigures } from "../formulas/figures.ts";
import { movingHtml } from "../formulas/moving_html.ts";
import type { Grid } from "../grids/grid.ts";
import { gridHtml } from "../grids/grid_html.ts";
import { appStyle, movingStyle } from "../style.ts";

/** The recorded grids of a study, or of a figure. */
export interface RecordedGrids {
  /** Its folder, in one word. */
  readonly id: string;
  /** Its folder under `data`. */
  readonly folder: string;
  /** What it shows, in a line. */
  readonly title: string;
  readonly grids: readonly Grid[];
}

/** Where a grid's points lie, beside the pages. */
export const gridFile = (id: string, at: number): string => `app/grid-${id}-${at}.json`;

function recordedHtml({ id, folder, title, grids }: RecordedGrids): string {
  const tables = grids.map((grid, at) => gridHtml(grid, gridFile(id, at)));
  return `<section aria-labelledby="grid:${id}">
<h3 id="grid:${id}">${escapeHtml(title)}</h3>
<p class="source">data/${folder}</p>
${tables.join("\n")}
</section>`;
}

/**
 * The page of figures that move.
 *
 * @param recorded The recorded grids.
 * @param notes What stands at its foot.
 * @returns HTML; what computes is a module beside it.
 */
export async function figuresPage(
  recorded: readonly RecordedGrids[],
  { made }: PageNotes,
): Promise<string> {
  return await wholePage({
    title: "normkit figures",
    description: "The papers' closed forms with sliders, and recorded trainings by their settings.",
    bar: appBar("figures.html"),
    module: "app/figures.js",
    main: `<h1>Figures that move</h1>
<p class="intro">The papers' closed forms, as the notebooks derive them: move depth, constants, gates and rates, and see what they
bound. Behind them are recorded trainings by depth, rate and warm-up; each opens its curve.</p>
${movingFigures.map((figure) => movingHtml(figure, "h2")).join("\n")}
<section aria-labelledby="grids">
<h2 id="grids">Recorded trainings</h2>
<p class="intro">Each number is the held-out loss in which a training ended; the redder its cell, the worse. Pressed cells show their
curves together.</p>
${recorded.map(recordedHtml).join("\n")}
</section>`,
    style: `${appStyle}${movingStyle}`,
    footer: made,
  });
}
