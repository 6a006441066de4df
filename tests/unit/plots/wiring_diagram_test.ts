import { assert, assertEquals, assertThrows } from "@std/assert";
import { wiringDiagram } from "../../../lib/plots/mod.ts";
import { findResidual, type Residual, residuals, withGpas } from "../../../lib/residual/mod.ts";
import { readMarks } from "../../../lib/plots/marks.ts";
import { termLooks } from "../../../lib/plots/wiring_terms.ts";
import { colorOf, contrast } from "../../support/contrast.ts";
import { readSvg, texts } from "./sample_rows.ts";

/** What is drawn of a variant in 8 layers, in words. */
const linesOf = (residual: Residual, depth = 8): string[] =>
  wiringDiagram(residual, { depth }).description.split("\n").slice(1);

/** A variant of three streams and two learned scalars, wired in another way in its feed-forward networks. */
const own: Residual = {
  id: "own",
  label: "Own <b>",
  source: "a test",
  equation: "x",
  ends: ["embedding", "final"],
  init: { base: "normal" },
  start: (_, x) => [x, x, x],
  wiring: ({ role }) => ({
    norms: ["input"],
    gate: "sum",
    weights: { a: 1, b: 0 },
    read: ({ add, weigh }, [x, second], n) => n.input(add(x, weigh(n.weight("a"), second!))),
    write: ({ add, weigh }, [x, second, third], y, n) =>
      role === "attention"
        ? [add(x, y), add(second!, weigh(n.weight("b"), y)), add(third!, y)]
        : [add(third!, y), x, second!],
  }),
};

Deno.test("wiringDiagram() says of each variant what its equation computes", () => {
  const said = (of: string): string[] =>
    linesOf(findResidual(of)).map((line) => line.split(": ")[1]!);
  const expected: Readonly<Record<string, readonly string[]>> = {
    "post-ln": ["x ← stream norm(x + f(x)), y ← x"],
    "pre-ln": ["x ← x + f(input norm(x)), y ← final norm(x)"],
    "sub-ln": ["x ← x + Wₒ(inner norm(f(input norm(x)))), y ← final norm(x)"],
    "deep-norm": ["x ← stream norm(2 · x + f(x)), y ← x"],
    "sandwich-ln": ["x ← x + output norm(f(input norm(x))), y ← final norm(x)"],
    "resi-dual": ["x ← stream norm(x + f(x)), s2 ← s2 + f(x), y ← x + final norm(s2)"],
    "mix-ln": ["x ← stream norm(x + f(x))", "x ← x + f(input norm(x)), y ← final norm(x)"],
    "lns": ["x ← x + f(1 · input norm(x)), y ← final norm(x)"],
    "lns-gain": ["x ← x + f(input norm(x)), y ← final norm(x)"],
    "peri-ln": ["x ← x + output norm(f(input norm(x))), y ← final norm(x)"],
    "res-post-norm": ["x ← x + output norm(f(x)), y ← final norm(x)"],
    "pre-ln+gpas": ["x ← GPAS(x + f(input norm(x))), y ← final norm(x)"],
    "deep-norm+gpas": ["x ← stream norm(2 · GPAS(x) + f(x)), y ← x"],
  };
  assertEquals(Object.fromEntries(Object.keys(expected).map((id) => [id, said(id)])), expected);
  assertEquals(residuals.filter(({ id }) => !(id in expected)), []);
});

Deno.test("wiringDiagram() draws layers that differ apart, and constants of the first and the last one", () => {
  assertEquals(texts(readSvg(wiringDiagram(findResidual("mix-ln")))), [
    ...["each sub-layer f, layers 1 to 2 of 8", "x", "f", "norm", "…", "x ← LN(x + f(x))"],
    ...["each sub-layer f, layers 3 to 8 of 8", "x", "norm", "f", "final norm", "y"],
    ...["x ← x + f(LN(x))", "y ← LN(x)"],
  ]);
  const scaled = texts(readSvg(wiringDiagram(findResidual("lns"), { depth: 4 })));
  assert(scaled.includes("× 1 … 0.5"), scaled.join());
  assert(texts(readSvg(wiringDiagram(findResidual("deep-norm")))).includes("× 2"));
});

Deno.test("wiringDiagram() draws a variant of one's own, with its streams, scalars and roles", () => {
  assertEquals(linesOf(own, 1), [
    "f is the attention, one layer: x ← x + f(input norm(x + a · s2)), " +
    "s2 ← s2 + b · f(input norm(x + a · s2)), s3 ← s3 + f(input norm(x + a · s2)), y ← final norm(x)",
    "f is the feed-forward network, one layer: " +
    "x ← s3 + f(input norm(x + a · s2)), s2 ← x, s3 ← s2, y ← final norm(x)",
  ]);
  assert(!wiringDiagram(own).svg.includes("<b>"));
});

/** The colors of each word in the boxes and of each term in the equations, without brackets and signs. */
function colorsIn(root: Element): { boxes: Map<string, string>; terms: Map<string, string> } {
  const color = (element: Element): string => element.getAttribute("fill")!;
  const equation: Record<string, string> = {
    "norm": "LN",
    "final norm": "LN",
    "embedding norm": "LN",
  };
  const boxes = [...root.querySelectorAll("g > g text")].map((text) => {
    const words = text.textContent!.replace("× ", "");
    return [equation[words] ?? words, color(text)] as const;
  });
  const terms = [...root.querySelectorAll("tspan")].map((span) =>
    [span.textContent!.replace(/[(\s·←]+$/, "").replace(/^\)+$/, ""), color(span)] as const
  ).filter(([words]) => words !== "" && words !== "+");
  return { boxes: new Map(boxes), terms: new Map(terms) };
}

Deno.test("wiringDiagram() writes each term of the equation in the color of its box", () => {
  for (const residual of [own, ...residuals, ...residuals.map((base) => withGpas(base))]) {
    const { boxes, terms } = colorsIn(readSvg(wiringDiagram(residual)));
    for (const [words, color] of boxes) {
      if (words === "…") continue;
      assertEquals(terms.get(words), color, `${residual.id}: ${words}`);
    }
    const parts = ["LN", "f", "GPAS", "s2"].filter((words) => terms.has(words));
    assertEquals(new Set(parts.map((words) => terms.get(words))).size, parts.length, residual.id);
  }
});

Deno.test("words of wirings can be read on their boxes and on the card", () => {
  for (const { line, fill } of Object.values(termLooks)) {
    for (const ground of [fill, "#ffffff"]) {
      assert(contrast(colorOf(line), colorOf(ground)) >= 4.5, `${line} on ${ground}`);
    }
  }
});

Deno.test("wiringDiagram() says what each part is, where it stands, and what it computes", () => {
  const tipsOf = (residual: Residual): string[] =>
    readMarks(wiringDiagram(residual, { depth: 1 }).svg)!.series.map(({ name, points }) =>
      [name, ...points.split("|").slice(2)].join(" / ")
    );
  assertEquals(tipsOf(findResidual("deep-norm+gpas")).slice(1), [
    "Sub-layer f: attention or feed-forward network / x / f(x)",
    "Constant 1.19 / GPAS(x) / 1.19 · GPAS(x)",
    "Addition / 1.19 · GPAS(x) and f(x) / 1.19 · GPAS(x) + f(x)",
    "Norm on the stream: behind the addition / 1.19 · GPAS(x) + f(x) / stream norm(1.19 · GPAS(x) + f(x))",
  ]);
  const learned = tipsOf(own).filter((tip) => tip.startsWith("Learned"));
  assertEquals(learned[0], "Learned weight a / s2 / a · s2");
  for (const residual of [own, ...residuals, ...residuals.map((base) => withGpas(base))]) {
    const figure = wiringDiagram(residual);
    const [width, height] = readMarks(figure.svg)!.size;
    for (const { points } of readMarks(figure.svg)!.series) {
      const [left, top] = points.split("|").map(Number);
      assert(left! > 0 && left! < width && top! > 0 && top! < height, residual.id);
    }
    assertEquals(readSvg(figure).getAttribute("aria-label"), figure.description.split("\n")[0]);
  }
});

Deno.test("wiringDiagram() keeps boxes apart and everything inside the picture", () => {
  const numberOf = (box: Element, name: string): number => Number(box.getAttribute(name));
  for (const residual of [own, ...residuals, ...residuals.map((base) => withGpas(base))]) {
    const root = readSvg(wiringDiagram(residual));
    for (const group of root.querySelectorAll("g")) {
      const boxes = [...group.querySelectorAll("rect:not([stroke-dasharray])")].map((box) => ({
        left: numberOf(box, "x"),
        right: numberOf(box, "x") + numberOf(box, "width"),
        top: numberOf(box, "y"),
      }));
      boxes.forEach((box, at) => {
        assert(box.left > 0 && box.right < numberOf(root, "width"), residual.id);
        for (const other of boxes.slice(at + 1)) {
          assert(
            box.right < other.left || other.right < box.left || box.top !== other.top,
            `${residual.id}: two boxes lie on each other`,
          );
        }
      });
    }
  }
});

Deno.test("wiringDiagram() refuses a depth that is none", () => {
  for (const depth of [0, 1.5, NaN]) {
    assertThrows(() => wiringDiagram(residuals[0]!, { depth }), RangeError, `depth = ${depth}`);
  }
});
