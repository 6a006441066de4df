// The values that pictures carry: they are where they are drawn, complete, and small.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { depthProfile, type Figure, gradientHeatmap, lossCurves } from "../../../lib/plots/mod.ts";
import {
  distinctPoints,
  type MarkedPoint,
  type Marks,
  marksElement,
  placeMarks,
  readMarks,
} from "../../../lib/plots/marks.ts";
import { depthRows, gradientRows, lossRows, readSvg } from "./sample_rows.ts";

const title = "A <finding> & more";
const marksOf = (figure: Figure): Marks => readMarks(figure.svg)!;
const pointsOf = (series: Marks["series"][number]): string[][] =>
  series.points.split(";").map((point) => point.split("|"));

/** Where an element stands on the card, through the translations around it. */
function placeOf(element: Element): { left: number; top: number } {
  let [left, top] = [0, 0];
  for (let node: Element | null = element; node !== null; node = node.parentElement) {
    const [, x, y] =
      /translate\(([-\d.]+),([-\d.]+)\)/.exec(node.getAttribute("transform") ?? "") ?? [];
    left += Number(x ?? 0);
    top += Number(y ?? 0);
  }
  return { left, top };
}

Deno.test("line charts carry every value where its marker is drawn", () => {
  const figure = depthProfile(depthRows(["pre-ln", "lns"]), {
    title,
    quantity: "Stream variance",
    scale: "log",
  });
  const { size, x, y, series } = marksOf(figure);
  assertEquals([size, x, y], [[640, 400], "Layer", "Stream variance"]);
  assertEquals(series.map(({ name }) => name), ["Pre-LN", "LNS"]);
  const root = readSvg(figure);
  for (const one of series) {
    const drawn = [...root.querySelectorAll(`[aria-label="${one.name} markers"] path`)].map(
      placeOf,
    );
    const points = pointsOf(one);
    assertEquals(points.length, drawn.length);
    points.forEach(([left, top], index) => {
      assertAlmostEquals(Number(left), drawn[index]!.left, 0.51);
      assertAlmostEquals(Number(top), drawn[index]!.top, 0.51);
    });
  }
  assertEquals(pointsOf(series[0]!).map(([, , layer, value]) => [layer, value]), [
    ["1", "0.5"],
    ["2", "0.5"],
    ["3", "0.5"],
    ["4", "0.5"],
  ]);
});

Deno.test("over several seeds a value has its least and greatest; references are there too", () => {
  const { series } = marksOf(
    lossCurves(lossRows(["pre-ln"], 2), { title, references: [{ label: "Unigram", value: 3 }] }),
  );
  assertEquals(pointsOf(series[0]!)[1]!.slice(2), ["50", "3.031 (3 to 3.063)"]);
  assertEquals(series[1]!.name, "Unigram");
  assertEquals(pointsOf(series[1]!).map(([, , , value]) => value), ["3", "3"]);
});

Deno.test("values that are not finite are left out of lines", () => {
  const rows = lossRows(["pre-ln"]).map((row) => row.step === 50 ? { ...row, loss: NaN } : row);
  const steps = pointsOf(marksOf(lossCurves(rows, { title })).series[0]!).map(([, , step]) => step);
  assertEquals(steps, ["0", "100", "150", "200"]);
});

Deno.test("heat maps carry every norm in the middle of its cell, in every panel", () => {
  const rows = gradientRows(["post-ln", "pre-ln", "sub-ln", "deep-norm", "lns", "mix-ln"], 8);
  const figure = gradientHeatmap(rows, { title, width: 400 });
  const { y, series } = marksOf(figure);
  assertEquals(y, "Gradient norm (L2)");
  const drawn = [...readSvg(figure).querySelectorAll('[aria-label="cell"] rect')].map((cell) => {
    const { left, top } = placeOf(cell);
    const at = (name: string): number => Number(cell.getAttribute(name));
    return [left + at("x") + at("width") / 2, top + at("y") + at("height") / 2] as const;
  });
  const points = series.flatMap(pointsOf);
  assertEquals(points.length, rows.length);
  for (const [left, top] of points) {
    const hit = drawn.some(([x, y]) =>
      Math.abs(x - Number(left)) <= 0.51 && Math.abs(y - Number(top)) <= 0.51
    );
    assert(hit, `no cell at ${left}, ${top}`);
  }
  assertEquals(new Set(points.map(([left, top]) => `${left} ${top}`)).size, rows.length);
});

Deno.test("heat maps say where a norm is not finite", () => {
  const [first, ...rest] = gradientRows(["pre-ln"]);
  const figure = gradientHeatmap([{ ...first!, norm: Infinity }, ...rest], { title });
  assertEquals(pointsOf(marksOf(figure).series[0]!)[0]!.at(-1), "not finite");
});

Deno.test("distinctPoints() keeps points five pixels apart, and the last", () => {
  const points = Array.from({ length: 101 }, (_, k): MarkedPoint => [k, 0, k, String(k)]);
  const kept = distinctPoints(points);
  assertEquals(kept.length, 21);
  assertEquals(kept.at(-1), points.at(-1));
  assertEquals(distinctPoints([]), []);
});

Deno.test("marks survive the way through SVG, with names that hold its separators", () => {
  const marks = placeMarks({
    x: "a < b & c",
    y: "d &lt; e",
    series: [{
      name: '</metadata> "f"',
      points: [[1.4, 2.6, "g|h;i", "1"], [1, 2, 3, "4", [5, 6.4]]],
    }],
  }, { size: [640, 400], left: 16, top: 50 });
  assertEquals(marks.series[0]!.points, "17|53|g,h,i|1;17|52|3|4|21|56");
  const line = marksElement(marks);
  assertEquals(line.match(/<[a-z]/g)?.length, 1);
  assertEquals(readMarks(`<svg>\n${line}\n</svg>`), marks);
  assertEquals(readMarks("<svg/>"), undefined);
});
