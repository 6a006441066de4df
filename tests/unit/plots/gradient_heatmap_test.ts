import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { gradientHeatmap, paletteIds, variantStyle } from "../../../lib/plots/mod.ts";
import { panelGrid } from "../../../lib/plots/panel_grid.ts";
import { gradientRows, readSvg, texts } from "./sample_rows.ts";

const title = "Gradients grow with depth";

Deno.test("gradientHeatmap() draws one cell per finite norm", () => {
  const root = readSvg(gradientHeatmap(gradientRows(["pre-ln", "post-ln"]), { title }));
  assertEquals(root.querySelectorAll('[aria-label="cell"] rect').length, 2 * 4 * 3);
});

Deno.test("gradientHeatmap() names every panel and the color scale once", () => {
  const ids = paletteIds.slice(0, 10); // of more, long names are cut
  const words = texts(readSvg(gradientHeatmap(gradientRows(ids), { title })));
  for (const id of ids) {
    assertEquals(words.filter((word) => word === variantStyle(id).label).length, 1, id);
  }
  assertEquals(words.filter((word) => word === "Gradient norm (L2, log scale)").length, 1);
  assertEquals(words.filter((word) => word === "Layer").length, 1);
});

Deno.test("gradientHeatmap() puts the least and the greatest norm at the ends of the ramp", () => {
  const rows = gradientRows(["pre-ln"]);
  const root = readSvg(gradientHeatmap(rows, { title }));
  const colors = [...root.querySelectorAll('[aria-label="cell"] rect')]
    .map((cell) => cell.getAttribute("fill"));
  const norms = rows.map(({ norm }) => norm);
  assertEquals(colors[norms.indexOf(Math.min(...norms))], "#440154");
  assertEquals(colors[norms.indexOf(Math.max(...norms))], "#fde725");
});

Deno.test("gradientHeatmap() crosses out and counts norms that are not finite", () => {
  const rows = gradientRows(["pre-ln"]);
  const figure = gradientHeatmap([{ ...rows[0]!, norm: Infinity }, ...rows.slice(1)], { title });
  assertEquals(texts(readSvg(figure)).filter((word) => word === "×").length, 1);
  assertStringIncludes(figure.description, "1 non-finite value not drawn");
  assert(!/NaN|Infinity/.test(figure.svg));
});

Deno.test("gradientHeatmap() says what a blank cell means, only where there is one", () => {
  const rows = gradientRows(["pre-ln", "post-ln"]);
  const note = "Blank: not in that variant or layer";
  assert(!gradientHeatmap(rows, { title }).description.includes(note));
  assertStringIncludes(gradientHeatmap(rows.slice(1), { title }).description, note);
});

Deno.test("gradientHeatmap() says in words where norms are least and greatest", () => {
  assertStringIncludes(
    gradientHeatmap(gradientRows(["pre-ln"]), { title }).description,
    "Pre-LN: from 0.0025 (layer 1, norm.gain) to 0.08 (layer 4, attention.query)",
  );
});

Deno.test("gradientHeatmap() refuses rows that cannot be drawn", () => {
  const row = { variant: "pre-ln", layer: 1, parameter: "mlp.in", norm: 1 };
  const refused = (rows: (typeof row)[], message: string): void => {
    assertThrows(() => gradientHeatmap(rows, { title }), RangeError, message);
  };
  refused([], "Cannot draw a gradient heat map of 0 rows");
  refused([row, row], "mlp.in of layer 1 is given twice");
  refused([{ ...row, norm: 0 }], "Cannot draw the value 0 on a log scale");
  refused([{ ...row, norm: NaN }], "none of the 1 values is finite");
  refused([{ ...row, layer: 1.5 }], "at layer 1.5");
});

Deno.test("panelGrid() fills its rows evenly and keeps least sizes", () => {
  const room = { width: 500, height: 300, leastWidth: 80, leastHeight: 60 };
  assertEquals(panelGrid({ ...room, count: 3 }).columns, 3);
  assertEquals(panelGrid({ ...room, count: 10 }).columns, 5);
  assertEquals(panelGrid({ ...room, count: 6 }).columns, 3);
  assertEquals(panelGrid({ ...room, count: 10, leastHeight: 200 }).height, 2 * 200 + 26);
  assertEquals(panelGrid({ ...room, count: 1 }).panelWidth, 500);
});
