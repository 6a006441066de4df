import { assertAlmostEquals, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { histogram, type HistogramOptions, type HistogramRow } from "../../../lib/plots/mod.ts";
import { readMarks } from "../../../lib/plots/marks.ts";
import { readSvg, texts } from "./sample_rows.ts";

const options: HistogramOptions = {
  title: "Values lie in the middle",
  quantity: "Distance (m)",
  range: [0, 4],
  bins: 4,
};
const rows: HistogramRow[] = [
  ...[0.5, 1.5, 1.6, 4].map((value) => ({ arm: "near", value })),
  ...[2.5, 9].map((value) => ({ arm: "far", value })),
];

Deno.test("histogram() draws the share of each bin, the upper end in the last one", () => {
  const root = readSvg(histogram(rows, options));
  const bars = [...root.querySelectorAll('[aria-label="rect"] rect')];
  assertEquals(bars.length, 4); // near: bins 1, 2 and 4; far: bin 3
  const heights = bars.map((bar) => Number(bar.getAttribute("height")));
  assertEquals(Math.round(heights[1]! / heights[0]! * 10) / 10, 2);
});

Deno.test("histogram() leaves of each bar its top and its foot", () => {
  const figure = histogram(rows, options);
  const bars = [...readSvg(figure).querySelectorAll('[aria-label="rect"] rect')]
    .map((bar) => Number(bar.getAttribute("height")));
  const heights = readMarks(figure.svg)!.series.flatMap(({ points }) => points.split(";"))
    .map((point) => point.split("|").map(Number)).map((parts) => parts[5]! - parts[1]!);
  heights.forEach((height, index) => assertAlmostEquals(height, bars[index]!, 1.01));
  assertEquals(heights.length, bars.length);
});

Deno.test("histogram() names arms, quantity and marked places, and counts what lies outside", () => {
  const marks = [{ label: "bound", value: 2 }];
  const figure = histogram(rows, { ...options, marks });
  const words = texts(readSvg(figure));
  for (const word of ["near", "far", "Distance (m)", "bound"]) {
    assertEquals(words.filter((one) => one === word).length, 1, word);
  }
  assertStringIncludes(figure.description, "1 of 6 values outside of the axis");
  assertStringIncludes(figure.description, "near: 4 values, from 0.5 to 4, median 1.6");
});

Deno.test("histogram() refuses what it cannot draw, with the value", () => {
  const refused = (more: Partial<HistogramOptions>, message: string, of = rows): void => {
    assertThrows(() => histogram(of, { ...options, ...more }), RangeError, message);
  };
  refused({}, "of 0 rows", []);
  refused({}, "with NaN", [{ arm: "a", value: NaN }]);
  refused({ range: [1, 1] }, "from 1 to 1");
  refused({ range: [0, Infinity] }, "with Infinity");
  refused({ bins: 0 }, "0 bins");
  refused({ bins: 2.5 }, "2.5 bins");
  refused({ title: " " }, "must state the finding");
  const many = Array.from({ length: 7 }, (_, i) => ({ arm: `arm ${i}`, value: 1 }));
  refused({}, "7 arms in one chart", many);
});
