import { assert, assertEquals, assertThrows } from "@std/assert";
import { type BarRow, kernelBars } from "../../../lib/plots/mod.ts";
import { readMarks } from "../../../lib/plots/marks.ts";
import { readSvg, texts } from "./sample_rows.ts";

const rows: readonly BarRow[] = [
  { group: "LayerNorm", name: "fused", value: 2, low: 1.9, high: 2.2, ours: true },
  { group: "LayerNorm", name: "composed", value: 12, low: 11, high: 14, ours: false },
  { group: "RMSNorm", name: "fused", value: 1.5, low: 1.4, high: 1.6, ours: true },
];
const options = { title: "Fused is faster", quantity: "Time (multiples of a copy)" };

Deno.test("kernelBars() names every group once, every bar, and its value", () => {
  const words = texts(readSvg(kernelBars(rows, options)));
  for (const word of ["LayerNorm", "RMSNorm", "composed", "1.5", options.quantity]) {
    assertEquals(words.filter((other) => other === word).length, 1, word);
  }
  assertEquals(words.filter((word) => word === "fused").length, 2);
});

Deno.test("kernelBars() draws bars from zero, as long as their values", () => {
  const root = readSvg(kernelBars(rows, options));
  const bars = [...root.querySelectorAll('[aria-label="rect"] rect')];
  const [first, second] = bars.map((bar) => Number(bar.getAttribute("width")));
  assertEquals(bars.length, 3);
  assert(Math.abs(second! / first! - 6) < 0.05, `${second! / first!}`);
  const starts = new Set(bars.map((bar) => bar.getAttribute("x")));
  assertEquals(starts.size, 1);
});

Deno.test("kernelBars() draws dots where ratios differ little, on an axis without 0", () => {
  const near = [0.98, 1.01].map((value) => ({ ...rows[0]!, value, low: value - 0.01, high: 1.02 }));
  const figure = kernelBars(near, {
    ...options,
    dots: true,
    reference: { label: "Pre-LN", value: 1 },
  });
  const root = readSvg(figure);
  assertEquals(root.querySelectorAll('[aria-label="rect"] rect').length, 0);
  const [left, right] = [...root.querySelectorAll('[aria-label="dot"] circle')]
    .map((dot) => Number(dot.getAttribute("cx")));
  assert(right! - left! > 100, "three hundredths are far apart");
  assert(!texts(root).includes("0"), "no zero on the axis");
  assert(figure.svg.includes("Dots: medians, lines: quartiles"));
});

Deno.test("kernelBars() says what the dotted line is, and keeps it in sight", () => {
  const reference = { label: "a copy", value: 30 };
  const figure = kernelBars(rows, { ...options, reference });
  assert(figure.svg.includes("Dotted: a copy (30)"));
  assertEquals(readSvg(figure).querySelectorAll('[stroke-dasharray="1.5 2.5"]').length > 0, true);
});

Deno.test("kernelBars() leaves each value with its quartiles for tips", () => {
  const { series, y } = readMarks(kernelBars(rows, options).svg)!;
  assertEquals(y, options.quantity);
  assertEquals(series.map(({ name }) => name), ["fused", "composed", "fused"]);
  const [left, top, group, words, footLeft, footTop] = series[1]!.points.split("|");
  assertEquals([group, words], ["LayerNorm", "12 (quartiles 11 to 14)"]);
  assertEquals(footTop, top);
  const zero = Number(footLeft);
  const [short] = series[0]!.points.split("|").map(Number);
  assert(Math.abs((Number(left) - zero) / (short! - zero) - 6) < 0.1, "bars begin at 0");
});

Deno.test("kernelBars() refuses no bars, and values that are no lengths", () => {
  assertThrows(() => kernelBars([], options), RangeError, "Cannot draw 0 bars");
  for (const value of [NaN, Infinity, -1]) {
    const message = `Cannot draw the bar of fused for LayerNorm at ${value}`;
    assertThrows(() => kernelBars([{ ...rows[0]!, value }], options), RangeError, message);
  }
});
