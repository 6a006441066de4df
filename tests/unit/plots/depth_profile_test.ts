import { assert, assertEquals, assertThrows } from "@std/assert";
import { depthProfile, paletteIds } from "../../../lib/plots/mod.ts";
import { evenTicks, logTicks, wholeTicks } from "../../../lib/plots/ticks.ts";
import { depthRows, readSvg, texts } from "./sample_rows.ts";

const options = { title: "Variance grows", quantity: "Stream variance", scale: "log" } as const;

function tickLabels(root: Element, axis: "x" | "y"): string[] {
  return texts(root.querySelector(`[aria-label="${axis}-axis tick label"]`)!);
}

Deno.test("depthProfile() has whole layers on the horizontal axis", () => {
  const root = readSvg(depthProfile(depthRows(["pre-ln"]), options));
  assertEquals(tickLabels(root, "x"), ["1", "2", "3", "4"]);
});

Deno.test("depthProfile() can count something else than layers", () => {
  const figure = depthProfile(depthRows(["pre-ln"]), { ...options, axis: "Sub-layer k" });
  assert(texts(readSvg(figure)).includes("Sub-layer k"));
  assert(figure.description.includes("at sub-layer k 4"));
});

Deno.test("depthProfile() marks every layer of every variant", () => {
  const root = readSvg(depthProfile(depthRows(["pre-ln", "lns"]), options));
  assertEquals(root.querySelectorAll('[aria-label="Pre-LN markers"] path').length, 4);
  assertEquals(root.querySelectorAll('[aria-label="LNS markers"] path').length, 4);
});

Deno.test("depthProfile() says quantity, unit and scale on the vertical axis", () => {
  const rows = depthRows(["pre-ln"]);
  const log = texts(readSvg(depthProfile(rows, options)));
  assert(log.includes("Stream variance, log scale"));
  const linear = depthProfile(rows, { ...options, unit: "nats per unit", scale: "linear" });
  assert(texts(readSvg(linear)).includes("Stream variance (nats per unit)"));
});

Deno.test("depthProfile() labels powers of ten plainly on a log axis", () => {
  const rows = [1, 2, 3].map((layer) => ({ variant: "pre-ln", layer, value: 10 ** (layer - 3) }));
  const root = readSvg(depthProfile(rows, options));
  assertEquals(tickLabels(root, "y"), ["0.01", "0.1", "1"]);
});

Deno.test("depthProfile() labels every line of a log axis", () => {
  const rows = [0.0017, 0.6].map((value, i) => ({ variant: "pre-ln", layer: i + 1, value }));
  const root = readSvg(depthProfile(rows, options));
  assertEquals(tickLabels(root, "y"), ["0.002", "0.01", "0.05", "0.2"]);
});

Deno.test("depthProfile() draws theory in dotted gray with a name", () => {
  const theory = [{ label: "Linear growth", values: [1, 4].map((n) => ({ layer: n, value: n })) }];
  const root = readSvg(depthProfile(depthRows(["pre-ln"]), { ...options, theory }));
  const curve = [...root.querySelectorAll('[aria-label="line"]')].at(-1)!;
  assertEquals(curve.getAttribute("stroke"), "#6b7280");
  assertEquals(curve.getAttribute("stroke-dasharray"), "1.5 2.5");
  assertEquals(texts(root).filter((word) => word === "Linear growth").length, 1);
});

Deno.test("depthProfile() draws one layer and equal values", () => {
  for (const scale of ["linear", "log"] as const) {
    const figure = depthProfile(depthRows(["pre-ln"], 1), { ...options, scale });
    assertEquals(tickLabels(readSvg(figure), "x"), ["1"]);
    assert(!/NaN|Infinity/.test(figure.svg));
  }
});

Deno.test("depthProfile() refuses rows that cannot be drawn", () => {
  const row = { variant: "pre-ln", layer: 1, value: 1 };
  const refused = (rows: (typeof row)[], message: string, more = {}): void => {
    assertThrows(() => depthProfile(rows, { ...options, ...more }), RangeError, message);
  };
  refused([], "Cannot draw a depth profile of 0 rows");
  refused([{ ...row, layer: -1 }], "at layer -1: a layer is a whole number from 0 on");
  refused([row, row], "layer 1 is given twice for seed 0");
  refused([row, { ...row, layer: 2, value: -0.5 }], "the value -0.5 on a log scale");
  refused([row], "Cannot draw Theory of 0 points", { theory: [{ label: "Theory", values: [] }] });
});

Deno.test("depthProfile() grows its card to hold the names of twenty lines", () => {
  const ids = paletteIds.slice(0, 10).flatMap((id) => [id, `${id}+gpas`]);
  const root = readSvg(depthProfile(depthRows(ids), { ...options, height: 200 }));
  const bottom = Number(root.getAttribute("height"));
  assert(bottom >= 19 * 14);
  assertEquals(root.querySelectorAll('[aria-label="line ends"] text').length, 20);
});

Deno.test("logTicks() takes powers of ten, then finer steps", () => {
  assertEquals(logTicks(0.05, 200, 3), [0.1, 1, 10, 100]);
  assertEquals(logTicks(0.8, 7, 3), [1, 2, 5]);
  assertEquals(logTicks(3.14, 3.15, 3), [3.14, 3.15]);
});

Deno.test("wholeTicks() spaces whole numbers evenly", () => {
  assertEquals(wholeTicks(1, 6), [1, 2, 3, 4, 5, 6]);
  assertEquals(wholeTicks(7, 7), [7]);
  assertEquals(wholeTicks(0, 500), [0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500]);
});

Deno.test("evenTicks() takes round numbers without rounding noise", () => {
  assertEquals(evenTicks(0, 0.5, 5), [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  assertEquals(evenTicks(-0.4, 0.4, 8), [-0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4]);
  assertEquals(evenTicks(0.016, 0.57, 4), [0.2, 0.4]);
  assertEquals(evenTicks(0, 500, 12), [0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500]);
});
