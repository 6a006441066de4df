// Curves of arms that are no residual variants, and their snapshot; update it with
// `UPDATE_SNAPSHOTS=1 deno test -A tests/unit/plots/arm_curves_test.ts` after a look at the new picture.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  armCurves,
  type ArmOptions,
  type ArmRow,
  paletteIds,
  variantStyle,
} from "../../../lib/plots/mod.ts";
import { readSvg, texts } from "./sample_rows.ts";

const options: ArmOptions = {
  title: "Rounding grows slowly",
  subtitle: "4 layers, width 16",
  caption: "data/runs/sample.jsonl",
  quantity: "|Δ loss| (nats)",
  scale: "log",
  references: [{ label: "2⁻²³", value: 2 ** -23 }],
};

function armRows(arms: readonly string[], seeds = 1): ArmRow[] {
  return arms.flatMap((arm, k) =>
    Array.from({ length: seeds }, (_, seed) =>
      Array.from({ length: 6 }, (_, step) => ({
        arm,
        seed,
        step,
        value: (seed + 1) * 10 ** (step - 6 + k),
      }))).flat()
  );
}

const names = ["in the graph", "trained directly", "third", "fourth", "fifth", "sixth"];

Deno.test("armCurves() tells every arm by name, color, marker and dash, and takes no variant's color", () => {
  const root = readSvg(armCurves(armRows(names), options));
  for (const name of names) assertEquals(texts(root).filter((word) => word === name).length, 1);
  const lines = [...root.querySelectorAll('[aria-label="line"]')].slice(0, names.length);
  const colors = new Set(lines.map((line) => line.getAttribute("stroke")));
  assertEquals(colors.size, names.length);
  for (const id of paletteIds) assert(!colors.has(variantStyle(id).color), id);
  const markers = names.map((name) =>
    root.querySelector(`[aria-label="${name} markers"] path`)?.getAttribute("d")
  );
  assertEquals(new Set(markers).size, names.length);
});

Deno.test("armCurves() keeps the arms' order, whatever their names, and draws bands over seeds", () => {
  const figure = armCurves(armRows(["b", "pre-ln", "a"], 2), options);
  const lines = figure.description.split("\n").filter((line) => line.includes(" at step 5"));
  assertEquals(lines.map((line) => line.slice(0, line.indexOf(":"))), ["b", "Pre-LN", "a"]);
  assertStringIncludes(figure.description, "over 2 seeds");
});

Deno.test("armCurves() gives variants their own look, and other arms theirs whatever stands beside", () => {
  const strokes = (arms: readonly string[]): (string | null)[] =>
    [...readSvg(armCurves(armRows(arms), options)).querySelectorAll('[aria-label="line"]')]
      .slice(0, arms.length).map((line) => line.getAttribute("stroke"));
  const [preLn, ...others] = strokes(["pre-ln", "a", "b"]);
  assertEquals(preLn, variantStyle("pre-ln").color);
  assertEquals(others, strokes(["a", "b"]));
});

Deno.test("armCurves() refuses what it cannot draw", () => {
  assertThrows(() => armCurves([], options), RangeError, "0 rows");
  assertThrows(() => armCurves(armRows([...names, "seventh"]), options), RangeError, "7 arms");
  const zero = [{ arm: "a", step: 0, value: 0 }];
  assertThrows(() => armCurves(zero, options), RangeError, "log scale");
});

Deno.test("armCurves() is the same each time and matches its snapshot", () => {
  const { svg } = armCurves(armRows(names.slice(0, 4), 2), options);
  const file = new URL("./snapshots/arm_curves.svg", import.meta.url);
  if (Deno.env.get("UPDATE_SNAPSHOTS") === "1") Deno.writeTextFileSync(file, svg);
  assertEquals(svg.split("\n"), Deno.readTextFileSync(file).split(/\r?\n/));
});

Deno.test("armCurves() takes variants with any gates for variants, which do not count among the arms", () => {
  const gated = ["pre-ln+gpas", "pre-ln+gpas-tanh", "lns+gpas-leaky-relu-site"];
  const root = readSvg(armCurves(armRows([...gated, ...names]), options));
  const lines = [...root.querySelectorAll('[aria-label="line"]')].slice(0, gated.length);
  assertEquals(
    lines.map((line) => line.getAttribute("stroke")),
    gated.map((id) => variantStyle(id).color),
  );
});
