/**
 * What holds for every chart's SVG, and the snapshots.
 *
 * After a wanted change of looks, look at the new pictures, then update the snapshots with
 * `UPDATE_SNAPSHOTS=1 deno test -A tests/unit/plots/figure_test.ts`.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import {
  angleHeatmap,
  depthProfile,
  Figure,
  gradientHeatmap,
  lossCurves,
  variantPoints,
  variantStyle,
} from "../../../lib/plots/mod.ts";
import { angleRows, depthRows, gradientRows, lossRows, readSvg } from "./sample_rows.ts";

const words = {
  title: 'Pre-LN <learns> & "grows"',
  subtitle: "4 layers, width 16",
  caption: "data/runs/sample.jsonl",
};
/** Two seeds of each variant; one of the last diverged. */
const pointRows = ["post-ln", "pre-ln", "pre-ln+gpas", "deep-norm"].flatMap((variant, at) =>
  [0, 1].map((seed) => ({
    variant,
    seed,
    value: at + seed === 4 ? NaN : 0.5 + at / 8 + seed / 16,
  }))
);
const variants = ["post-ln", "pre-ln", "pre-ln+gpas", "my-own"];

const charts: Record<string, () => Figure> = {
  stacks_profile: () =>
    depthProfile(
      [["encoder", 3], ["decoder", 4]].flatMap(([stack, depth]) =>
        depthRows(variants, Number(depth)).map((row) => ({ ...row, stack: String(stack) }))
      ),
      { ...words, quantity: "Stream variance", scale: "log" },
    ),
  variant_points: () =>
    variantPoints(pointRows, {
      ...words,
      quantity: "Accuracy (share of images)",
      references: [{ label: "the most frequent class", value: 0.1 }],
    }),
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

Deno.test("depthProfile() of several stacks counts the layers of each by themselves, with a gap between", () => {
  const rows = [
    { variant: "pre-ln", stack: "encoder", layer: 0, value: 1 },
    { variant: "pre-ln", stack: "encoder", layer: 1, value: 2 },
    { variant: "pre-ln", stack: "decoder", layer: 0, value: 3 },
    { variant: "pre-ln", stack: "decoder", layer: 1, value: 4 },
    { variant: "pre-ln", stack: "decoder", layer: 2, value: 5 },
  ];
  const { svg, description } = depthProfile(rows, { title: "t", quantity: "q", scale: "linear" });
  assertStringIncludes(description, "Pre-LN: 5 at decoder layer 2");
  const root = readSvg(new Figure(svg, description));
  const ticks = [...root.querySelectorAll('[aria-label="x-axis tick label"] text')];
  assertEquals(ticks.map((tick) => tick.textContent), ["0", "1", "0", "1", "2"]);
  const [line] = root.querySelectorAll('[aria-label="line"] path');
  assertEquals(line!.getAttribute("d")!.match(/M/g)?.length, 2, "two parts");
  assertMatch(svg, />encoder</);
  assertMatch(svg, /decoder 2/); // what a tip says
  assertMatch(svg, />decoder</);
});

Deno.test("variantPoints() has mean and range over seeds, the baseline, and no point that is not finite", () => {
  const { svg, description } = charts["variant_points"]!();
  assertStringIncludes(description, "Post-LN: 0.5313 (0.5 to 0.5625 over 2 seeds)");
  assertStringIncludes(description, "DeepNorm: not finite");
  assertStringIncludes(description, "Dotted: the most frequent class (0.1)");
  assertStringIncludes(description, "1 non-finite value not drawn");
  const root = readSvg(new Figure(svg, description));
  assertEquals(root.querySelectorAll('[aria-label="rule"]').length, 4, "baseline and three ranges");
  assertThrows(() => variantPoints([], { title: "t", quantity: "q" }), RangeError, "0 rows");
  assertThrows(
    () =>
      variantPoints(pointRows, {
        title: "t",
        quantity: "q",
        references: [{ label: "none", value: NaN }],
      }),
    RangeError,
    "Cannot draw none at NaN",
  );
  assertThrows(
    () => variantPoints([...pointRows, ...pointRows], { title: "t", quantity: "q" }),
    RangeError,
    "given twice for seed 0",
  );
});

Deno.test("variantPoints() keeps a variant's color whatever it is under, and says that behind its name", () => {
  const rows = ["post-ln", "pre-ln"].flatMap((variant) =>
    [0, 1].flatMap((seed) => [
      { variant, seed, value: 3 + seed },
      { variant, seed, value: 5 + seed, under: "no warm-up" },
    ])
  );
  const { svg, description } = variantPoints(rows, { title: "t", quantity: "q" });
  assertStringIncludes(description, "Post-LN: 3.5 (3 to 4 over 2 seeds)");
  assertStringIncludes(description, "Post-LN, no warm-up: 5.5 (5 to 6 over 2 seeds)");
  const root = readSvg(new Figure(svg, description));
  const ranges = [...root.querySelectorAll('[aria-label="rule"]')];
  const colors = ranges.map((range) => range.getAttribute("stroke"));
  const own = ["post-ln", "pre-ln"].map((variant) => variantStyle(variant).color);
  assertEquals(colors, [own[0]!, own[0]!, own[1]!, own[1]!]);
});

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
