// Sweeps over a log axis, and their snapshot; update it with
// `UPDATE_SNAPSHOTS=1 deno test -A tests/unit/plots/sweep_chart_test.ts` after a look at the new picture.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { sweepChart, type SweepOptions, type SweepRow } from "../../../lib/plots/mod.ts";
import { readSvg, texts } from "./sample_rows.ts";

const depths = [2, 4, 8, 16];

const options: SweepOptions = {
  title: "Pre-LN falls with depth",
  subtitle: "width 64",
  caption: "10 seeds",
  setting: "Layers L",
  quantity: "Gradient norm",
  scale: "log",
  theory: [{ label: "1/√L", values: depths.map((x) => ({ x, value: x ** -0.5 })) }],
};

const rows = ["post-ln", "pre-ln"].flatMap((variant, v): SweepRow[] =>
  [0, 1].flatMap((seed) =>
    depths.map((x) => ({ variant, seed, x, value: (1 + seed / 8) * x ** (-v / 2) }))
  )
);

const xTicks = (root: Element): string[] =>
  texts(root.querySelector('[aria-label="x-axis tick label"]')!);

Deno.test("sweepChart() has a tick at each setting that was tried, evenly spaced for equal ratios", () => {
  const root = readSvg(sweepChart(rows, options));
  assertEquals(xTicks(root), ["2", "4", "8", "16"]);
  const markers = [...root.querySelectorAll('[aria-label="Pre-LN markers"] path')];
  const places = markers.map((marker) =>
    Number(/translate\(([\d.]+)/.exec(marker.getAttribute("transform")!)![1])
  );
  const gaps = places.slice(1).map((place, index) => place - places[index]!);
  for (const gap of gaps) assert(Math.abs(gap - gaps[0]!) < 0.1, gaps.join(", "));
});

Deno.test("sweepChart() takes learning rates, names axes and theory, and says the range over seeds", () => {
  const rates = rows.map((row) => ({ ...row, x: row.x * 1e-3 }));
  const figure = sweepChart(rates, { ...options, setting: "Learning rate", theory: [] });
  assertEquals(xTicks(readSvg(figure)), ["0.002", "0.004", "0.008", "0.016"]);
  assert(texts(readSvg(figure)).includes("Learning rate, log scale"));
  assertStringIncludes(figure.description, "over 2 seeds");
  const words = texts(readSvg(sweepChart(rows, options)));
  assertEquals(words.filter((word) => word === "1/√L").length, 1);
});

Deno.test("sweepChart() leaves a gap where a seed is not finite", () => {
  const broken = rows.map((row) => row.x === 16 && row.seed === 1 ? { ...row, value: NaN } : row);
  const figure = sweepChart(broken, options);
  assertStringIncludes(figure.description, "2 non-finite values not drawn");
  assert(!/NaN|Infinity/.test(figure.svg));
});

Deno.test("sweepChart() refuses what it cannot draw", () => {
  assertThrows(() => sweepChart([], options), RangeError, "0 rows");
  const row = { variant: "pre-ln", x: 2, value: 1 };
  for (const x of [0, -1, NaN, Infinity]) {
    assertThrows(() => sweepChart([{ ...row, x }], options), RangeError, `at Layers L ${x}`);
  }
  assertThrows(() => sweepChart([row, row], options), RangeError, "given twice for seed 0");
  assertThrows(() => sweepChart([{ ...row, value: 0 }], options), RangeError, "log scale");
});

Deno.test("sweepChart() draws the same picture as ever", async () => {
  const file = new URL("./snapshots/sweep_chart.svg", import.meta.url);
  const { svg } = sweepChart(rows, options);
  if (Deno.env.get("UPDATE_SNAPSHOTS") === "1") await Deno.writeTextFile(file, svg);
  assertEquals(svg.split("\n"), (await Deno.readTextFile(file)).split(/\r?\n/));
});
