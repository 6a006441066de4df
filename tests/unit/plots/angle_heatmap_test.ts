import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { angleHeatmap } from "../../../lib/plots/mod.ts";
import { readMarks } from "../../../lib/plots/marks.ts";
import { angleRows, readSvg, texts } from "./sample_rows.ts";

const title = "Deep layers turn the stream less";

Deno.test("angleHeatmap() draws a triangle of cells for each variant, the mean over seeds", () => {
  const figure = angleHeatmap(angleRows(["pre-ln", "lns"], 2), { title });
  const root = readSvg(figure);
  assertEquals(root.querySelectorAll('[aria-label="cell"] rect').length, 2 * 6);
  assertStringIncludes(
    figure.description,
    "Pre-LN: layer 1 turns the stream by 0.31, layer 3 by 0.11",
  );
  assertStringIncludes(figure.description, "Mean over 2 seeds");
});

Deno.test("angleHeatmap() names both axes, and depth 0 lies at the bottom", () => {
  const root = readSvg(angleHeatmap(angleRows(["pre-ln"]), { title }));
  const words = texts(root);
  for (const label of ["To the stream after layer", "From the stream after layer", "Pre-LN"]) {
    assertEquals(words.filter((word) => word === label).length, 1, label);
  }
  assertEquals(texts(root.querySelector('[aria-label="x-axis tick label"]')!), ["1", "2", "3"]);
  assertEquals(texts(root.querySelector('[aria-label="y-axis tick label"]')!), ["2", "1", "0"]);
});

Deno.test("angleHeatmap() says in each row of its values from where they are", () => {
  const { series } = readMarks(angleHeatmap(angleRows(["pre-ln"]), { title }).svg)!;
  assertEquals(series.map(({ name }) => name), [
    "Pre-LN, from the stream after layer 2",
    "Pre-LN, from the stream after layer 1",
    "Pre-LN, from the stream after layer 0",
  ]);
});

Deno.test("angleHeatmap() refuses rows that cannot be drawn", () => {
  const row = { variant: "pre-ln", from: 0, to: 1, value: 0.2 };
  assertThrows(() => angleHeatmap([], { title }), RangeError, "of 0 rows");
  assertThrows(() => angleHeatmap([{ ...row, to: 1.5 }], { title }), RangeError, "at layer 1.5");
  assertThrows(() => angleHeatmap([{ ...row, value: NaN }], { title }), RangeError, "is finite");
});
