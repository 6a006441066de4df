// Phase maps: a panel for each variant, the mean over seeds, and a cross where a seed diverged.

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { phaseMap, type PhaseRow } from "../../../lib/plots/mod.ts";
import { readSvg, texts } from "./sample_rows.ts";

const options = { title: "Pre-LN needs none", x: "Warm-up", y: "Rate", quantity: "Loss (nats)" };

const rows: readonly PhaseRow[] = ["post-ln", "pre-ln"].flatMap((variant, v) =>
  [1, 20, 40].flatMap((x) =>
    [0.001, 0.01].flatMap((y) =>
      [0, 1].map((seed) => {
        const diverged = variant === "post-ln" && x === 1 && y === 0.01 && seed === 1;
        return { variant, x, y, value: diverged ? NaN : 3 - v - seed + 10 * y };
      })
    )
  )
);

Deno.test("phaseMap() has a panel for each variant, rates from bottom to top, and crosses", () => {
  const figure = phaseMap(rows, options);
  const root = readSvg(figure);
  const ticks = texts(root.querySelector('[aria-label="y-axis tick label"]')!);
  assertEquals(ticks, ["0.01", "0.001"]);
  for (const word of ["Post-LN", "Pre-LN", "Warm-up", "Rate", "Loss (nats)"]) {
    assertStringIncludes(figure.svg, `>${word}<`);
  }
  assertEquals(texts(root).filter((text) => text === "×").length, 1);
  assertEquals(root.querySelectorAll('[aria-label="cell"] rect').length, 2 * 6 - 1);
  assertStringIncludes(figure.description, "Mean over 2 seeds");
  assertStringIncludes(figure.description, "Pre-LN: least 1.51 at 1, 0.001");
});

Deno.test("phaseMap() refuses no rows, and settings that are no numbers", () => {
  assertThrows(() => phaseMap([], options), RangeError, "Cannot draw a phase map of no rows");
  const wrong = { variant: "pre-ln", x: NaN, y: 1, value: 1 };
  assertThrows(() => phaseMap([wrong], options), RangeError, "Cannot draw a phase map at NaN");
});
