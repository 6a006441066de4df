// Figures that move wherever their sliders stand, and recorded grids.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { basename } from "node:path";
import { parseHTML } from "linkedom";
import type { AnyRunRecord } from "../../../../lib/train/record.ts";
import type { TrainSettings } from "../../../../lib/train/record.ts";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { readNotebook } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { listNotebooks } from "../../../../lib/workshop/notebooks.ts";
import { buildSite } from "../../../../lib/workshop/pages/site.ts";
import { initialPlaces, movingFigures } from "../../../../lib/workshop/web/formulas/figures.ts";
import { movingHtml } from "../../../../lib/workshop/web/formulas/moving_html.ts";
import { depthsOf, finalLoss, gridsOf } from "../../../../lib/workshop/web/grids/grid.ts";
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

/** The manifest of a run with another norm and another optimizer. */
const inRms = (peak: number) => {
  const { manifest } = run("pre-ln", peak, 0, []);
  const settings = manifest.settings as unknown as Record<string, object>;
  const model = { ...settings["model"], norm: "rms" };
  return {
    manifest: { ...manifest, settings: { ...settings, model, optimizer: { kind: "sgd" } } },
  } as unknown as Pick<AnyRunRecord, "manifest">;
};

Deno.test("a grid holds the runs that differ in variant, depth, rate, warm-up and seed alone", () => {
  const grids = gridsOf([
    run("pre-ln", 0.1, 0, [4, 3, 2]),
    run("pre-ln", 0.1, 1, [4, 3, 2.5]),
    run("pre-ln", 0.2, 0, [4, NaN, 7]),
    run("post-ln", 0.1, 0, [4, 3.5]),
    run("pre-ln", 0.1, 0, [4, 3, 1], 16),
    run("pre-ln", 0.2, 0, [4, 3, 1.5], 16),
    { ...run("pre-ln", 0.1, 0, [4, 3, 2.9]), ...inRms(0.1) },
    { ...run("pre-ln", 0.2, 0, [4, 3, 2.8]), ...inRms(0.2) },
  ]);
  assertEquals(grids.map((grid) => [grid.setting, depthsOf(grid), grid.points.length]), [
    [[], [8, 16], 5],
    [["RMSNorm", "SGD"], [8], 2],
  ]);
  const [grid] = grids;
  assertEquals(grid!.points.map((point) => finalLoss(point, 20)), [2.25, 7, NaN, 1, 1.5]);
  assertEquals(JSON.parse(JSON.stringify(grid)), grid);
  const html = gridHtml(grid!, "grid.json");
  for (const words of ["ends early", ">2.25<", "--bad: 0%", "--bad: 100%", "Post-LN, no warm-up"]) {
    assertStringIncludes(html, words);
  }
  const { description } = gridChart(grid!, grid!.points, 500);
  assertStringIncludes(description, "Pre-LN, 16 layers, 0.2 ends at 1.5 nats");
  assertStringIncludes(description, "Post-LN, 8 layers, 0.1");
});

Deno.test("a grid of several depths has columns for the rates of each, one of a single depth names it", () => {
  const runs = [0.1, 0.2].flatMap((rate) => [
    ...[8, 16].map((depth) => run("pre-ln", rate, 0, [4, 3, depth / 8 + rate], depth)),
    ...(rate === 0.1 ? [run("post-ln", rate, 0, [4, 3, 3], 16)] : []),
  ]);
  const { document } = parseHTML(gridHtml(gridsOf(runs)[0]!, "grid.json"));
  const rowsOf = (part: string) =>
    [...document.querySelectorAll(`${part} tr`)].map((row) =>
      [...row.children].map(({ textContent }) => textContent)
    );
  assertEquals(rowsOf("thead"), [["", "8 layers", "16 layers"], [
    "Rate",
    "0.1",
    "0.2",
    "0.1",
    "0.2",
  ]]);
  assertEquals(rowsOf("tbody"), [
    ["Post-LN, no warm-up", "", "", "3", ""],
    ["Pre-LN, no warm-up", "1.1", "1.2", "2.1", "2.2"],
  ]);
  const single = gridHtml(gridsOf(runs.filter((_, at) => at % 5 % 3 === 0))[0]!, "grid.json");
  assertStringIncludes(single, "Held-out loss at the end: 8 layers, 20 steps, one seed");
  assert(!single.includes('colgroup" colspan'), single);
});

Deno.test("a run that names no warm-up has none, and one with a label is no seed of those without", () => {
  const runs = [0.1, 0.2].flatMap((rate) => {
    const { manifest, rows } = run("pre-ln", rate, 0, [4, 3, 2]);
    const { schedule: { warmup: _, ...schedule }, ...settings } = manifest
      .settings as TrainSettings;
    const unsaid = { ...manifest, settings: { ...settings, schedule } };
    return [unsaid, { ...unsaid, label: "pre-rmsnorm" }].map((manifest) =>
      ({ manifest, rows }) as AnyRunRecord
    );
  });
  const [grid] = gridsOf(runs.toReversed());
  const { document } = parseHTML(gridHtml(grid!, "grid.json"));
  assertEquals(
    [...document.querySelectorAll("tbody th")].map(({ textContent }) => textContent),
    ["Pre-LN, no warm-up", "Pre-LN as pre-rmsnorm, no warm-up"],
  );
  assertStringIncludes(document.querySelector("caption")!.textContent, "one seed");
  const { description } = gridChart(grid!, grid!.points, 500);
  assertStringIncludes(description, "Pre-LN, 0.1");
  assertStringIncludes(description, "Pre-LN as pre-rmsnorm, 0.2");
  assert(!description.includes("undefined"), description);
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
      const html = gridHtml(grid, "grid.json");
      assertEquals(html.match(/data-point/g)!.length, grid.points.length, folder);
      assert(!html.includes("undefined"), folder);
    }
  }
});
