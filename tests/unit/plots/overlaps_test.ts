// Lines that hide one another: each is seen beside those above it.

import { assert, assertEquals } from "@std/assert";
import { lossCurves, sweepChart } from "../../../lib/plots/mod.ts";
import { extraWidths } from "../../../lib/plots/overlaps.ts";
import { readSvg } from "./sample_rows.ts";

const line = (...heights: number[]) => heights.map((y, x) => ({ x, y }));

Deno.test("extraWidths() grow with the lines above that share half the places of a line", () => {
  assertEquals(extraWidths([]), []);
  assertEquals(extraWidths([line(1, 2), line(1, 2), line(1, 2)]), [4, 2, 0]);
  assertEquals(extraWidths([line(1, 2), line(40, 2), line(40, 50)]), [2, 2, 0]);
  assertEquals(extraWidths([line(1, 2, 3), line(1, 20, 30)]), [0, 0]);
  assertEquals(extraWidths([line(1, 2), line(2.4, 3.4)]), [2, 0]);
  assertEquals(extraWidths([line(1, 2), [{ x: 5, y: 1 }], []]), [0, 0, 0]);
});

const dense = Array.from({ length: 101 }, (_, x) => ({ x, y: 50 - x / 4 }));
const every = (step: number, from = 0) => dense.filter(({ x }) => x % step === from);

Deno.test("extraWidths() see lines that coincide between their points, at whatever steps each was logged", () => {
  for (const [below, above] of [[10, 100], [100, 10], [7, 10], [1, 50]] as const) {
    assertEquals(extraWidths([every(below), every(above)]), [2, 0], `${below}, ${above}`);
  }
  assertEquals(extraWidths([every(10, 5), every(10)]), [2, 0]);
  assertEquals(extraWidths([every(10, 5).slice(0, 3), every(10)]), [2, 0]);
  const bent = every(100).map(({ x, y }) => ({ x, y: y + x / 2 }));
  assertEquals(extraWidths([every(10), bent]), [0, 0]);
});

Deno.test("a line hides nothing in a gap and beyond its ends", () => {
  const gap = [dense[0]!, { x: 50, y: NaN }, dense[100]!];
  assertEquals(extraWidths([every(10).slice(1, -1), gap]), [0, 0]);
  assertEquals(extraWidths([every(10).slice(6), every(10).slice(0, 5)]), [0, 0]);
});

Deno.test("extraWidths() stay within 6 pixels, however many lines coincide", () => {
  const widths = extraWidths(Array.from({ length: 7 }, () => line(1, 2)));
  assertEquals(widths, [6, 5, 4, 3, 2, 1, 0]);
});

for (const scale of ["linear", "log"] as const) {
  Deno.test(`of coinciding curves each has its width and size, ${scale}`, () => {
    const rows = ["post-ln", "pre-ln", "sub-ln", "mix-ln"].flatMap((variant, index) =>
      [0, 50, 100].map((step) => ({ variant, step, loss: 4 - step / 50 + (index === 3 ? 2 : 0) }))
    );
    const root = readSvg(lossCurves(rows, { title: "Three are one", scale }));
    const widths = [...root.querySelectorAll('[aria-label="line"]')]
      .map((group) => group.getAttribute("stroke-width"));
    assertEquals(widths, ["5.75", "3.75", "1.75", "1.75"]);
    const sizes = ["Post-LN", "Pre-LN", "Sub-LN", "Mix-LN"].map((name) => {
      const marker = root.querySelector(`[aria-label="${name} markers"] path`)!;
      return /scale\(([\d.]+)\)/.exec(marker.getAttribute("transform")!)?.[1];
    });
    assertEquals(sizes, ["1.8", "1.4", undefined, undefined]);
  });
}

for (const [name, bend] of [["straight", 0], ["bent", 3]] as const) {
  Deno.test(`a curve logged at other steps is ${name} and ${bend ? "apart" : "seen"}`, () => {
    const rows = [["post-ln", 3], ["pre-ln", 10]].flatMap(([variant, every]) =>
      Array.from({ length: 31 }, (_, k) => k * Number(every)).filter((step) => step <= 30).map((
        step,
      ) => ({
        variant: String(variant),
        step,
        loss: 4 - step / 10 + (variant === "pre-ln" && step % 30 > 0 ? bend : 0),
      }))
    );
    const root = readSvg(lossCurves(rows, { title: "Other steps" }));
    const [below] = [...root.querySelectorAll('[aria-label="line"]')];
    assertEquals(below?.getAttribute("stroke-width"), bend ? "1.75" : "3.75");
  });
}

Deno.test("curves over a log axis coincide where they are drawn so", () => {
  const rows = [["post-ln", [1, 4, 16, 64]], ["pre-ln", [1, 8, 64]]] as const;
  const measured = rows.flatMap(([variant, places]) =>
    places.map((x) => ({ variant, x, value: Math.log(x) }))
  );
  const options = { title: "Log", setting: "x", quantity: "y", scale: "linear" } as const;
  const root = readSvg(sweepChart(measured, options));
  const [below] = [...root.querySelectorAll('[aria-label="line"]')];
  assertEquals(below?.getAttribute("stroke-width"), "3.75");
});

Deno.test("curves that are apart keep their width", () => {
  const rows = ["post-ln", "pre-ln"].flatMap((variant, index) =>
    [0, 50].map((step) => ({ variant, step, loss: 4 + index }))
  );
  const { svg } = lossCurves(rows, { title: "Two" });
  assert(!/stroke-width="3.75"|scale\(/.test(svg));
});
