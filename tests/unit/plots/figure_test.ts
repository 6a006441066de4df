/**
 * What holds for every chart's SVG, and the snapshots.
 *
 * After a wanted change of looks, look at the new pictures, then update the snapshots with
 * `UPDATE_SNAPSHOTS=1 deno test -A tests/unit/plots/figure_test.ts`.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  angleHeatmap,
  depthProfile,
  Figure,
  gradientHeatmap,
  lossCurves,
} from "../../../lib/plots/mod.ts";
import { angleRows, depthRows, gradientRows, lossRows, readSvg } from "./sample_rows.ts";

const words = {
  title: 'Pre-LN <learns> & "grows"',
  subtitle: "4 layers, width 16",
  caption: "data/runs/sample.jsonl",
};
const variants = ["post-ln", "pre-ln", "pre-ln+gpas", "my-own"];

const charts: Record<string, () => Figure> = {
  loss_curves: () =>
    lossCurves(lossRows(variants, 2), {
      ...words,
      references: [{ label: "Unigram entropy", value: 3 }],
    }),
  depth_profile: () =>
    depthProfile(depthRows(variants), { ...words, quantity: "Stream variance", scale: "log" }),
  gradient_heatmap: () => gradientHeatmap(gradientRows(variants), words),
  angle_heatmap: () => angleHeatmap(angleRows(variants, 2), words),
};

for (const [name, draw] of Object.entries(charts)) {
  Deno.test(`Figure.svg of ${name} stands alone`, () => {
    const { svg } = draw();
    assertMatch(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="640" height="\d+" /);
    assertEquals(svg.match(/<svg/g)?.length, 1);
    assertMatch(svg, /<rect width="640" height="\d+" fill="#ffffff"\/>/);
    assert(!/currentColor|<style|class=|style=|\bid=|url\(|NaN|Infinity|undefined/.test(svg));
  });

  Deno.test(`Figure.svg of ${name} has two decimals and one element per line`, () => {
    const { svg } = draw();
    for (
      const [, value] of svg.matchAll(/ (?:d|x|y|x1|x2|y1|y2|width|height|transform)="([^"]*)"/g)
    ) {
      assert(!/\.\d{3}|\de-/.test(value!), value);
    }
    for (const line of svg.split("\n")) {
      assert((line.match(/<[a-z]/g)?.length ?? 0) <= 1, line);
    }
  });

  Deno.test(`Figure.svg of ${name} is described for screen readers`, () => {
    const figure = draw();
    const root = readSvg(figure);
    assertEquals(root.getAttribute("role"), "img");
    assertEquals(root.getAttribute("aria-label"), words.title);
    assertEquals(root.querySelector("title")?.textContent, words.title);
    assertEquals(root.querySelector("desc")?.textContent, figure.description);
    assertStringIncludes(figure.description, "Pre-LN + GPAS: ");
  });

  Deno.test(`Figure.svg of ${name} is the same each time and matches its snapshot`, () => {
    const { svg } = draw();
    assertEquals(draw().svg, svg);
    const file = new URL(`./snapshots/${name}.svg`, import.meta.url);
    if (Deno.env.get("UPDATE_SNAPSHOTS") === "1") Deno.writeTextFileSync(file, svg);
    assertEquals(svg.split("\n"), Deno.readTextFileSync(file).split(/\r?\n/));
  });
}

Deno.test("Figure gives Jupyter an SVG and a text", () => {
  const figure = new Figure("<svg/>", "words");
  const display = Reflect.get(figure, Symbol.for("Jupyter.display"));
  assertEquals(Reflect.apply(display, figure, []), {
    "image/svg+xml": "<svg/>",
    "text/plain": "words",
  });
});

Deno.test("Figure.svg wraps a long title inside the card", () => {
  const title = "A finding that takes many words to say ".repeat(5).trim();
  const root = readSvg(lossCurves(lossRows(["pre-ln"]), { title }));
  const lines = [...root.querySelectorAll('text[font-weight="700"]')].map((node) =>
    node.textContent
  );
  assert(lines.length > 1);
  assertEquals(lines.join(" "), title);
});
