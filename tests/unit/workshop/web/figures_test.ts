// Figures that move wherever their sliders stand, and recorded grids.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { basename } from "node:path";
import type { AnyRunRecord } from "../../../../lib/train/record.ts";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { readNotebook } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { listNotebooks } from "../../../../lib/workshop/notebooks.ts";
import { buildSite } from "../../../../lib/workshop/pages/site.ts";
import { initialPlaces, movingFigures } from "../../../../lib/workshop/web/formulas/figures.ts";
import { movingHtml } from "../../../../lib/workshop/web/formulas/moving_html.ts";
import { finalLoss, gridsOf } from "../../../../lib/workshop/web/grids/grid.ts";
import { gridChart } from "../../../../lib/workshop/web/grids/grid_chart.ts";
import { gridHtml } from "../../../../lib/workshop/web/grids/grid_html.ts";
import { recordedGrids } from "../../../../lib/workshop/web/pages.ts";
import { liveParts } from "../../../../lib/workshop/web/notebook/controls.ts";

Deno.test("a figure that moves can be drawn wherever one of its sliders stands, and at both ends of all", () => {
  for (const figure of movingFigures) {
    const initial = initialPlaces(figure);
    const sliders = Object.entries(figure.sliders);
    for (const [name, { values, initial }] of sliders) {
      assert(values.includes(initial), `${figure.id}: ${name} begins at ${initial}`);
      assertEquals(values, values.toSorted((a, b) => a - b), name);
    }
    const ends = [0, -1].map((at) =>
      Object.fromEntries(sliders.map(([name, { values }]) => [name, values.at(at)!]))
    );
    const moved = sliders.flatMap(([name, { values }]) =>
      values.map((value) => ({ ...initial, [name]: value }))
    );
    for (const places of [...ends, ...moved]) {
      const { description } = figure.draw(places, 400);
      assert(
        !/NaN|Infinity|undefined/.test(description),
        `${JSON.stringify(places)} ${description}`,
      );
    }
  }
});

Deno.test("a figure's default is its picture, and its sliders say their values", () => {
  for (const figure of movingFigures) {
    const html = movingHtml(figure, "h2");
    assertStringIncludes(html, "data:image/svg+xml;base64,");
    assertStringIncludes(html, "hidden>");
    assert(!html.includes("katex-error"), figure.id);
    for (const { initial } of Object.values(figure.sliders)) {
      assertStringIncludes(html, `aria-valuetext="${initial}"`);
    }
  }
});

Deno.test("each figure that moves stands in a notebook, once on its page", async () => {
  const paths = await listNotebooks(`${checkout}/notebooks`);
  const pages = await buildSite(
    await Promise.all(paths.map(async (path) => ({
      name: basename(path, ".ipynb"),
      notebook: await readNotebook(path),
    }))),
    { source: "..", made: "Made by a test", live: liveParts },
  );
  for (const { id } of movingFigures) {
    const counts = [...pages.values()].map((html) => html.split(`id="figure:${id}"`).length - 1);
    assertEquals(Math.max(...counts), 1, id);
  }
});

/** A recorded run with a loss at each of some steps. */
const run = (variant: string, peak: number, seed: number, losses: number[], depth = 8) =>
  ({
    manifest: {
      variant,
      settings: {
        model: { depth, residual: variant },
        ...{ schedule: { kind: "constant", peak, warmup: 1 }, steps: 20, seed },
      },
    },
    rows: losses.map((nats, at) => ({ kind: "evaluation", step: 10 * at, nats })),
  }) as unknown as AnyRunRecord;

Deno.test("a grid holds the runs that differ in variant, rate, warm-up and seed alone", () => {
  const grids = gridsOf([
    run("pre-ln", 0.1, 0, [4, 3, 2]),
    run("pre-ln", 0.1, 1, [4, 3, 2.5]),
    run("pre-ln", 0.2, 0, [4, NaN, 7]),
    run("post-ln", 0.1, 0, [4, 3.5]),
    run("pre-ln", 0.1, 0, [4, 3, 1], 16),
    run("pre-ln", 0.2, 0, [4, 3, 1.5], 16),
    run("pre-ln", 0.2, 0, [4, 3, 1.5], 24),
  ]);
  assertEquals(grids.map(({ depth, points }) => [depth, points.length]), [[8, 3], [16, 2]]);
  const [shallow] = grids;
  assertEquals(shallow!.points.map((point) => finalLoss(point, 20)), [2.25, 7, NaN]);
  assertEquals(JSON.parse(JSON.stringify(shallow)), shallow);
  const html = gridHtml(shallow!, "grid.json");
  for (const words of ["ends early", ">2.25<", "--bad: 0%", "--bad: 100%", "Post-LN, no warm-up"]) {
    assertStringIncludes(html, words);
  }
  const { description } = gridChart(shallow!, shallow!.points, 500);
  assertStringIncludes(description, "Post-LN, 0.1 does not reach its last step");
  assertStringIncludes(description, "Pre-LN, 0.2");
});

Deno.test("the phase map and the figures' sweeps are grids, and each has a table", async () => {
  const recorded = await recordedGrids();
  const folders = recorded.map(({ folder }) => folder);
  for (const folder of ["studies/phase-map", "runs/warmup", "runs/residual", "runs/masked-lm"]) {
    assert(folders.includes(folder), folders.join(", "));
  }
  assertEquals(new Set(recorded.map(({ id }) => id)).size, recorded.length);
  for (const { grids, folder } of recorded) {
    for (const grid of grids) {
      const cells = gridHtml(grid, "grid.json").match(/data-point/g)!;
      assertEquals(cells.length, grid.points.length, folder);
    }
  }
});
