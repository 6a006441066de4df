// Lines that hide one another: each is seen beside those above it.

import { assert, assertEquals } from "@std/assert";
import { lossCurves } from "../../../lib/plots/mod.ts";
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

Deno.test("curves that are apart keep their width", () => {
  const rows = ["post-ln", "pre-ln"].flatMap((variant, index) =>
    [0, 50].map((step) => ({ variant, step, loss: 4 + index }))
  );
  const { svg } = lossCurves(rows, { title: "Two" });
  assert(!/stroke-width="3.75"|scale\(/.test(svg));
});
