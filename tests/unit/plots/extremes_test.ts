// Charts of very many rows, and of the largest and smallest numbers: each is drawn in finite numbers, or refused with a sentence.

import { assert, assertMatch, assertStringIncludes } from "@std/assert";
import {
  angleHeatmap,
  armCurves,
  depthProfile,
  type Figure,
  gradientHeatmap,
  histogram,
  kernelBars,
  lossCurves,
  phaseMap,
  sweepChart,
} from "../../../lib/plots/mod.ts";

const title = "A finding";
const scales = ["linear", "log"] as const;
const quantity = "Value";

/** Each chart of some values, at most a few of which are not positive. */
const charts: Readonly<Record<string, (values: readonly number[]) => Figure>> = {
  ...Object.fromEntries(
    scales.flatMap((scale): [string, (values: readonly number[]) => Figure][] => [
      [`lossCurves ${scale}`, (values) =>
        lossCurves(
          values.map((loss, step) => ({ variant: "pre-ln", step, loss })),
          { title, scale, references: [{ label: "r", value: values[0]! }] },
        )],
      [`lossCurves of seeds ${scale}`, (values) =>
        lossCurves(
          values.map((loss, seed) => ({ variant: "pre-ln", step: 0, seed, loss })),
          { title, scale },
        )],
      [
        `armCurves ${scale}`,
        (values) =>
          armCurves(values.map((value, step) => ({ arm: "a", step, value })), {
            title,
            scale,
            quantity,
          }),
      ],
      [`depthProfile ${scale}`, (values) =>
        depthProfile(
          values.map((value, layer) => ({ variant: "pre-ln", layer, value })),
          { title, scale, quantity },
        )],
      [`sweepChart ${scale}`, (values) =>
        sweepChart(
          values.map((value, index) => ({ variant: "pre-ln", x: 1 + index, value })),
          { title, scale, quantity, setting: "x" },
        )],
    ]),
  ),
  "sweepChart over": (values) =>
    sweepChart(
      values.map((x, value) => ({ variant: "pre-ln", x, value })),
      { title, scale: "linear", quantity, setting: "x" },
    ),
  phaseMap: (values) =>
    phaseMap(
      values.map((value, x) => ({ variant: "pre-ln", x, y: 1, value })),
      { title, x: "x", y: "y", quantity },
    ),
  gradientHeatmap: (values) =>
    gradientHeatmap(
      values.map((norm, layer) => ({ variant: "pre-ln", layer, parameter: "p", norm })),
      { title },
    ),
  angleHeatmap: (values) =>
    angleHeatmap(
      values.map((value, from) => ({ variant: "pre-ln", from, to: from + 1, value })),
      { title },
    ),
  histogram: (values) =>
    histogram(
      values.map((value) => ({ arm: "a", value })),
      { title, quantity, range: [values[0]!, values.at(-1)!] },
    ),
  kernelBars: (values) =>
    kernelBars(
      values.map((value) => ({
        group: "g",
        name: "n",
        value,
        low: value,
        high: value,
        ours: true,
      })),
      { title, quantity },
    ),
};

const extremes = [
  ...[-Number.MAX_VALUE, -1.7e308, -1e300, -1, -1e-310, -5e-324, 0, 5e-324, 1e-310, 1e-300, 1e-200],
  ...[1, 1 + 2 ** -52, 2 ** 53, 1e200, 1e300, 1.7e308, Number.MAX_VALUE],
];

Deno.test("charts of the largest and smallest numbers have finite coordinates, or say why not", () => {
  let drawn = 0;
  for (const [name, chart] of Object.entries(charts)) {
    for (const [index, low] of extremes.entries()) {
      for (const high of extremes.slice(index)) {
        try {
          const { svg } = chart([low, high]);
          assert(!/NaN|Infinity|undefined/.test(svg), `${name} of ${low} and ${high}`);
          drawn++;
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          assertMatch(error.message, /^Cannot draw /, `${name} of ${low} and ${high}`);
        }
      }
    }
  }
  assert(drawn > 700, `${drawn}`);
});

Deno.test("charts of 150,000 rows are drawn, of as many steps or seeds", () => {
  const values = Array.from({ length: 150_000 }, (_, index) => 1 / (1 + index));
  for (const name of ["lossCurves", "armCurves", "lossCurves of seeds"]) {
    assertStringIncludes(charts[`${name} log`]!(values).svg, "</svg>", name);
  }
  assertStringIncludes(charts["histogram"]!(values.toReversed()).description, "150000 values");
});
