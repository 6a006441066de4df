import { assert, assertEquals, assertThrows } from "@std/assert";
import { wiringDiagram, wiringSheet } from "../../../lib/plots/mod.ts";
import { readMarks } from "../../../lib/plots/marks.ts";
import { findResidual, residuals } from "../../../lib/residual/mod.ts";
import { readSvg, texts } from "./sample_rows.ts";

const sheet = wiringSheet(residuals);

Deno.test("wiringSheet() names every variant, and draws those that are wired alike once", () => {
  const labels = [...readSvg(sheet).querySelectorAll("text[font-weight]")].map((text) =>
    text.textContent
  );
  assertEquals(labels.join(" and ").split(" and ").sort(), residuals.map((r) => r.label).sort());
  assert(labels.includes("Sandwich-LN and Peri-LN"), labels.join());
  assert(labels.includes("Post-LN") && labels.includes("Res-Post-Norm"), labels.join());
});

Deno.test("wiringSheet() holds each diagram as wiringDiagram() draws it", () => {
  for (const residual of residuals) {
    const own = texts(readSvg(wiringDiagram(residual))).join();
    assert(texts(readSvg(sheet)).join().includes(own), residual.id);
  }
  const four = wiringSheet([findResidual("lns")], { depth: 4 });
  assert(texts(readSvg(four)).includes("× 1 … 0.5"));
});

Deno.test("wiringSheet() keeps diagrams apart and inside the picture", () => {
  const root = readSvg(sheet);
  const [width, height] = ["width", "height"].map((name) => Number(root.getAttribute(name)));
  const boxes = [...root.querySelectorAll("svg")].map((svg) => {
    const [x, y, w, h] = ["x", "y", "width", "height"].map((key) => Number(svg.getAttribute(key)));
    return { left: x!, top: y!, right: x! + w!, bottom: y! + h! };
  });
  assert(boxes.every(({ right, bottom }) => right <= width! && bottom <= height!));
  const overlapping = boxes.flatMap((a, i) =>
    boxes.slice(i + 1).filter((b) =>
      a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
    )
  );
  assertEquals(overlapping, []);
  assertEquals(width, 640);
});

Deno.test("wiringSheet() says of each part what it is, where the part is drawn", () => {
  const alone = readMarks(wiringDiagram(findResidual("deep-norm")).svg)!;
  const { series, size } = readMarks(sheet.svg)!;
  const [left, top] = alone.series[0]!.points.split("|").map(Number);
  const svgs = [...readSvg(sheet).querySelectorAll("svg")];
  const own = svgs.find((svg) => svg.getAttribute("aria-label")!.includes("DeepNorm"))!;
  const [x, y] = ["x", "y"].map((name) => Number(own.getAttribute(name)));
  const [, , ...words] = alone.series[0]!.points.split("|");
  const moved = [left! + x!, top! + y!, ...words].join("|");
  assert(series.some(({ points }) => points === moved), moved);
  assertEquals(readSvg(sheet).querySelectorAll("metadata").length, 1);
  assertEquals(size[0], Number(readSvg(sheet).getAttribute("width")));
});

Deno.test("wiringSheet() refuses no variants", () => {
  assertThrows(() => wiringSheet([]), RangeError, "Cannot draw 0 wirings");
});
