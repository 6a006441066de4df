import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { labelPitch } from "../../../lib/plots/end_labels.ts";
import { lossCurves, paletteIds, variantStyle } from "../../../lib/plots/mod.ts";
import { lineEnd, lossRows, readSvg, texts } from "./sample_rows.ts";

const title = "Pre-LN learns faster";

Deno.test("lossCurves() names every line exactly once", () => {
  const ids = [...paletteIds, "peri-ln+gpas", "my-own"];
  const words = texts(readSvg(lossCurves(lossRows(ids), { title })));
  for (const id of ids) {
    assertEquals(words.filter((word) => word === variantStyle(id).label).length, 1, id);
  }
});

Deno.test("lossCurves() keeps a variant's color when others are filtered out", () => {
  const all = readSvg(lossCurves(lossRows(paletteIds), { title }));
  for (const id of paletteIds) {
    const { label, color } = variantStyle(id);
    const alone = readSvg(lossCurves(lossRows([id]), { title }));
    assertEquals(lineEnd(all, label).color, color);
    assertEquals(lineEnd(alone, label).color, color);
    assertEquals(alone.querySelector('[aria-label="line"]')?.getAttribute("stroke"), color);
  }
});

Deno.test("lossCurves() dashes GPAS and hollows its marker", () => {
  const root = readSvg(lossCurves(lossRows(["pre-ln", "pre-ln+gpas"]), { title }));
  const lines = [...root.querySelectorAll('[aria-label="line"]')];
  assertEquals(lines.map((line) => line.getAttribute("stroke-dasharray")), [null, "5 3"]);
  assertEquals(lineEnd(root, "Pre-LN").dash, null);
  assertEquals(lineEnd(root, "Pre-LN + GPAS").dash, "5 3");
  assertEquals(lineEnd(root, "Pre-LN + GPAS").fill, "#ffffff");
});

Deno.test("lossCurves() writes axis titles with units", () => {
  const words = texts(readSvg(lossCurves(lossRows(["pre-ln"]), { title })));
  assertEquals(words.filter((word) => word === "Step").length, 1);
  assertEquals(words.filter((word) => word === "Validation loss (nats per token)").length, 1);
  const bits = lossCurves(lossRows(["pre-ln"]), { title, quantity: "Loss (bits per byte)" });
  assert(texts(readSvg(bits)).includes("Loss (bits per byte)"));
});

Deno.test("lossCurves() keeps apart the names of twelve lines that end at one value", () => {
  const ids = [...paletteIds, "peri-ln+gpas", "my-own"];
  const rows = ids.flatMap((variant) => [
    { variant, step: 0, loss: 4 },
    { variant, step: 10, loss: 2 },
  ]);
  const root = readSvg(lossCurves(rows, { title }));
  const places = ids.map((id) => lineEnd(root, variantStyle(id).label).y).sort((a, b) => a - b);
  places.slice(1).forEach((y, k) => assert(y - places[k]! >= labelPitch - 0.01));
});

Deno.test("lossCurves() draws the mean over seeds in a band and says so", () => {
  const figure = lossCurves(lossRows(["pre-ln"], 3), { title });
  const root = readSvg(figure);
  assertEquals(root.querySelectorAll('[aria-label="area"]').length, 1);
  assertStringIncludes(figure.description, "bands: least to greatest over 3 seeds");
  // Losses at the last step: 2.125, 2.1875, 2.25.
  assertStringIncludes(
    figure.description,
    "Pre-LN: 2.188 at step 200 (2.125 to 2.25 over 3 seeds)",
  );
  const alone = readSvg(lossCurves(lossRows(["pre-ln"]), { title }));
  assertEquals(alone.querySelectorAll('[aria-label="area"]').length, 0);
});

Deno.test("lossCurves() leaves a gap where a loss is not finite and counts it", () => {
  const rows = lossRows(["pre-ln", "post-ln"]).map((row) =>
    row.variant === "post-ln" && row.step >= 100 ? { ...row, loss: NaN } : row
  );
  const figure = lossCurves(rows, { title });
  const path = readSvg(figure).querySelector('[aria-label="line"] path')?.getAttribute("d");
  assertEquals(path?.split("L").length, 2);
  assertStringIncludes(figure.svg, "3 non-finite values not drawn</text>");
  assertStringIncludes(figure.svg, ">Post-LN (to 50)</text>");
  assert(!/NaN|Infinity/.test(figure.svg));
});

Deno.test("lossCurves() breaks a line at one non-finite loss in its middle", () => {
  const rows = lossRows(["pre-ln"]).map((row) =>
    row.step === 100 ? { ...row, loss: Infinity } : row
  );
  const path = readSvg(lossCurves(rows, { title })).querySelector('[aria-label="line"] path');
  assertEquals(path?.getAttribute("d")?.split("M").length, 3);
});

Deno.test("lossCurves() names a variant of which nothing is finite", () => {
  const rows = lossRows(["pre-ln", "post-ln"]).map((row) =>
    row.variant === "post-ln" ? { ...row, loss: NaN } : row
  );
  const figure = lossCurves(rows, { title });
  assertStringIncludes(figure.svg, ">Post-LN (not finite)</text>");
  assertStringIncludes(figure.description, "Post-LN: no finite value");
});

Deno.test("lossCurves() draws reference lines in gray across all steps", () => {
  const figure = lossCurves(lossRows(["pre-ln"]), {
    title,
    references: [{ label: "Unigram entropy", value: 2.9 }],
  });
  const root = readSvg(figure);
  const guide = [...root.querySelectorAll('[aria-label="line"]')].at(-1)!;
  const [from, to] = guide.querySelector("path")!.getAttribute("d")!.slice(1).split("L")
    .map((point) => point.split(",").map(Number));
  assertEquals(guide.getAttribute("stroke"), "#6b7280");
  assertEquals(from![1], to![1]);
  assertNotEquals(from![0], to![0]);
  assertEquals(texts(root).filter((word) => word === "Unigram entropy").length, 1);
});

Deno.test("lossCurves() refuses rows that cannot be drawn", () => {
  const rows = lossRows(["pre-ln"], 2);
  const refused = (bad: typeof rows, message: string, more = {}): void => {
    assertThrows(() => lossCurves(bad, { title, ...more }), RangeError, message);
  };
  refused([], "Cannot draw loss curves of 0 rows: at least one row is needed");
  refused([{ variant: "pre-ln", step: 0, loss: NaN }], "none of the 1 values is finite");
  refused([{ variant: "pre-ln", step: 0.5, loss: 1 }], "at step 0.5: a step is a whole number");
  refused([...rows, rows[0]!], "step 0 is given twice for seed 0");
  refused(rows.slice(1), "of Pre-LN: step 0 is missing for seed 0");
  refused([{ variant: "pre-ln", step: 0, loss: 0 }], "Cannot draw the value 0 on a log scale", {
    scale: "log",
  });
  refused(rows, "Cannot draw Chance at NaN", { references: [{ label: "Chance", value: NaN }] });
  refused(rows, "it must state the finding", { title: "  " });
  refused(rows, "of width 100: it must be a whole number from 400 to 2000", { width: 100 });
});
