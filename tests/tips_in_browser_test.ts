// Which value a chart shows where marks are large or lie on one another, in a real browser. Without Chromium on the machine the
// tests are ignored, by name; CI installs it.

import { assertEquals } from "@std/assert";
import { notebookPage } from "../lib/workshop/pages/page.ts";
import { type Figure, histogram, kernelBars, lossCurves } from "../lib/plots/mod.ts";
import { readMarks } from "../lib/plots/marks.ts";
import { chromium, inBrowser } from "./support/chromium.ts";
import { code, notebook } from "./unit/workshop/jupyter/notebooks.ts";

const ignore = chromium === undefined;
const where = chromium ?? "no Chromium here";

/** Where in a chart the pointer stands. */
type Place = readonly [left: number, top: number];

/** The lines of the tip at each place of a chart. */
async function tips(figure: Figure, places: readonly Place[]): Promise<string[]> {
  const marks = readMarks(figure.svg)!;
  const html = await notebookPage(notebook({
    ...code("draw();"),
    outputs: [{
      output_type: "display_data",
      data: { "image/svg+xml": figure.svg, "application/vnd.normkit.marks+json": marks },
      metadata: {},
    }],
  }));
  // The probe may use nothing outside itself: the places travel in the page.
  const carried = html.replace("<body>", `<body data-places="${JSON.stringify(places)}">`);
  return await inBrowser(carried, { width: 1280, height: 900 }, () => {
    const card = document.querySelector<HTMLElement>(".card")!;
    const box = card.getBoundingClientRect();
    const scale = box.width / document.querySelector("img")!.width;
    return (JSON.parse(document.body.dataset["places"]!) as [number, number][]).map(
      ([left, top]) => {
        card.dispatchEvent(
          new PointerEvent("pointermove", {
            clientX: box.left + left * scale,
            clientY: box.top + top * scale,
          }),
        );
        const tip = card.querySelector<HTMLElement>("output")!;
        return tip.hidden ? "" : [...tip.children].map((part) => part.textContent).join(" / ");
      },
    );
  });
}

/** The places of all points of a figure, with the first of the bar's foot. */
function pointsOf(figure: Figure): { end: Place; foot: Place }[] {
  return readMarks(figure.svg)!.series.flatMap(({ points }) => points.split(";")).map((point) => {
    const [left, top, , , footLeft, footTop] = point.split("|");
    return {
      end: [Number(left), Number(top)] as const,
      foot: [Number(footLeft), Number(footTop)] as const,
    };
  });
}

Deno.test({
  name: `a horizontal bar shows its value over its whole length (${where})`,
  ignore,
  fn: async () => {
    const bar = (name: string, value: number) => ({
      ...{ group: "Time", name, value, low: value, high: value },
      ours: true,
    });
    const figure = kernelBars([bar("short", 1), bar("long", 40), bar("middle", 20)], {
      title: "Bars",
      quantity: "ms",
    });
    const points = pointsOf(figure);
    const places = points.flatMap(({ end, foot }) =>
      [0.02, 0.5, 0.98].map((share): Place => [foot[0] + share * (end[0] - foot[0]), end[1] + 5])
    );
    const found = await tips(figure, places);
    assertEquals(
      found.map((words) => words.split(" / ")[0]),
      ["short", "long", "middle"].flatMap((name) => [name, name, name]),
    );
    assertEquals(found[3], "long / Of Time / ms: 40 (quartiles 40 to 40)");
    assertEquals(await tips(figure, [[5, 5]]), [""]);
  },
});

Deno.test({
  name: `a vertical bar shows its value over its whole height (${where})`,
  ignore,
  fn: async () => {
    const values = [...Array(9).fill(0.5), 1.5, ...Array(5).fill(2.5)];
    const figure = histogram(values.map((value) => ({ arm: "a", value })), {
      ...{ title: "Bins", quantity: "m", range: [0, 40] as const, bins: 40 },
    });
    const places = pointsOf(figure).map(({ foot }): Place => [foot[0], foot[1] - 3]);
    const found = await tips(figure, places);
    assertEquals(found.map((words) => words.split(" / ")[1]), ["m 0 to 1", "m 1 to 2", "m 2 to 3"]);
  },
});

Deno.test({
  name: `coinciding curves are all named (${where})`,
  ignore,
  fn: async () => {
    const rows = ["post-ln", "pre-ln", "sub-ln"].flatMap((variant, index) =>
      [0, 50, 100].map((step) => ({
        variant,
        step,
        loss: 4 - step / 50 + (index === 1 ? 0.002 : index === 2 ? 1 : 0),
      }))
    );
    const figure = lossCurves(rows, { title: "Two are one" });
    const [first] = pointsOf(figure);
    const [words] = await tips(figure, [first!.end]);
    const quantity = "Validation loss (nats per token)";
    assertEquals(words, `Post-LN and Pre-LN / Step 0 / ${quantity}: 4 and 4.002`);
  },
});
