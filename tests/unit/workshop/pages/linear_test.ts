// Pages of large notebooks: sizes at which a time that grows with their square would be hours, and parsers that are kept from it.

import { assert, assertEquals } from "@std/assert";
import { Anchors } from "../../../../lib/workshop/pages/anchors.ts";
import { escapeHtml } from "../../../../lib/workshop/pages/html.ts";
import { renderMath } from "../../../../lib/workshop/pages/formulas.ts";
import { highlight } from "../../../../lib/workshop/pages/highlight.ts";
import { renderHtml, renderMarkdown } from "../../../../lib/workshop/pages/markdown.ts";
import { pictureOf } from "../../../../lib/workshop/pages/pictures.ts";
import { renderNotebook } from "../../../../lib/workshop/pages/render.ts";
import { withoutEscapes } from "../../../../lib/workshop/jupyter/terminal.ts";
import { OutputCollector } from "../../../../lib/workshop/jupyter/outputs.ts";
import { request } from "../../../../lib/workshop/jupyter/wire.ts";
import type { Cell } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import type { Message } from "../../../../lib/workshop/jupyter/wire.ts";
import { code, notebook, prose } from "../jupyter/notebooks.ts";

const same = (address: string): string => address;
const shown = (data: Record<string, unknown>): Cell => ({
  ...code("1"),
  outputs: [{ output_type: "display_data", data, metadata: {} }],
});

Deno.test("Anchors gives 200,000 equal headings an anchor each", () => {
  const anchors = new Anchors();
  const given = new Set(Array.from({ length: 200_000 }, () => anchors.next("Same")));
  assertEquals(given.size, 200_000);
  assert(given.has("same") && given.has("same-199999"));
});

Deno.test("Anchors gives none twice, whatever the order", () => {
  const anchors = new Anchors();
  const words = ["a-1", "a", "a", "a-1", "a-1-1", "a", "!", "!"];
  assertEquals(words.map((word) => anchors.next(word)), [
    ...["a-1", "a", "a-2", "a-1-1", "a-1-1-1", "a-3", "section", "section-1"],
  ]);
});

Deno.test("a page has 60,000 headings", () => {
  const cells = Array.from({ length: 3000 }, () => prose("# Same\n\n".repeat(20)));
  const { headings } = renderNotebook(notebook(...cells));
  assertEquals(new Set(headings.map(({ id }) => id)).size, 60_000);
});

Deno.test("the root of an SVG is found in ten million characters", () => {
  const url = (svg: string) => pictureOf({ "image/svg+xml": svg }, {});
  for (const part of ["<svg ", '<svg width="1" ', "<svg\n", "<metadata>", ' aria-label="', "\n"]) {
    const picture = url(`<svg ${part.repeat(Math.ceil(1e7 / part.length))}`);
    assertEquals(picture?.size, undefined);
  }
  const late = `<?xml version="1.0"?>${"\n".repeat(1e7)}<svg a="1"\n width="3" height="4">`;
  assertEquals(url(late)?.size, [3, 4]);
});

Deno.test("escapes of terminals, dollars and numbers are read once", () => {
  for (const part of ["\u001b[", "\u001b[1;", "\u001b]8;;", "1;", "\u001b"]) {
    const text = `\u001b[${part.repeat(2_000_000)}x`;
    assert(withoutEscapes(text).length < text.length);
  }
  const { cells } = renderNotebook(notebook(
    shown({ "text/latex": `${"$".repeat(2_000_000)}x${"$".repeat(2_000_000)}x` }),
    shown({ "image/png": `${"A".repeat(2_000_000)}!`, "text/plain": "no picture" }),
  ));
  assert(cells.join().includes("no picture"));
});

Deno.test("400,000 displays of one name change together", () => {
  const message = (type: string, text: string): Message => ({
    header: { ...request("", {}).header, msg_type: type },
    parentHeader: {},
    content: { data: { "text/plain": text }, metadata: {}, transient: { display_id: "one" } },
  });
  const collector = new OutputCollector();
  const outputs = collector.startCell();
  const display = message("display_data", "before");
  for (let count = 0; count < 400_000; count++) collector.take(display);
  collector.take(message("update_display_data", "after"));
  const texts = new Set(outputs.map((output) => "data" in output && output.data["text/plain"]));
  assertEquals([outputs.length, ...texts], [400_000, "after"]);
});

/** How many characters a task looks at one by one or copies. */
function workOf(task: () => void): number {
  const { charCodeAt, substring } = String.prototype;
  let work = 0;
  String.prototype.charCodeAt = function (at) {
    work++;
    return charCodeAt.call(this, at);
  };
  String.prototype.substring = function (from, to) {
    const part = substring.call(this, from, to);
    work += part.length;
    return part;
  };
  try {
    task();
  } finally {
    Object.assign(String.prototype, { charCodeAt, substring });
  }
  return work;
}

Deno.test("twice the Markdown is at most twice the work", () => {
  const texts: ((count: number) => string)[] = [
    (count) => `- ${"$$\n".repeat(count)}`,
    (count) => `1. a\n\n   ${"a\n=<br>".repeat(count)}`,
    (count) => `> ${"](**a".repeat(count)}${"~a ".repeat(count)}`,
    (count) => `1. a\n\n   ${"- - ".repeat(20)}${"<a ".repeat(count)}`,
    (count) => `1. a\n\n   ${"#~a ".repeat(count)}`,
    ...["_a*", "[", "![](", "a@b.c ", "https://a.b/", "| a ", "`", "$x$ ", "<!--", "&amp;", "> a\n"]
      .map((part) => (count: number) => part.repeat(count)),
  ];
  for (const text of texts) {
    const [once, twice] = [1000, 2000].map((count) =>
      workOf(() => void renderMarkdown(text(count), same))
    ) as [number, number];
    assert(once > 1000 && twice < 2.2 * once, `${text(1)}: ${once}, then ${twice}`);
  }
});

Deno.test("a long paragraph is read as a short one is", () => {
  const parts = [
    ["*a* ", "<em>a</em> "],
    ["see https://a.b/c now ", '<a href="https://a.b/c">'],
    ["plain words ", "plain words plain words "],
    ["$x$ ", 'class="katex"'],
    ["`c` ", "<code>c</code> "],
  ] as const;
  for (const [text, html] of parts) {
    assertEquals(renderMarkdown(text.repeat(600), same).split(html).length > 290, true, text);
  }
});

Deno.test("what a parser would read too slowly or too deeply is shown as it is", () => {
  const long = "<b></i>".repeat(20_000);
  assertEquals(renderHtml(long, same).slice(0, 20), "<pre>&lt;b&gt;&lt;/i");
  const picture = `<img src="data:image/png;base64,${"A".repeat(5_000_000)}" />`;
  assert(renderHtml(picture, same) === picture.replace(" />", ">"));
  for (const text of ["> ".repeat(4000), `${"> ".repeat(100)}a`, "- a\n".repeat(40_000)]) {
    assert(renderMarkdown(text, same).startsWith("<pre>"), text.slice(0, 9));
  }
  assert(renderMarkdown(`${"> ".repeat(90)}deep`, same).includes("<p>deep</p>"));
  assert(renderMarkdown(`![](data:image/png;base64,${"/+Aa".repeat(1e6)})`, same).includes("<img"));
});

Deno.test("code is colored in the languages of the project, where a grammar is quick", () => {
  for (
    const text of ["1e".repeat(151), `const a = 1;${"\n".repeat(301)}`, "a = 1;\n".repeat(1500)]
  ) {
    assert(highlight(text) === text, text.slice(0, 9));
  }
  assert(highlight("const a = 1e3;\n".repeat(600)).includes("hljs-keyword"));
  for (const [language, text] of [["sh", "echo 1"], ["py", "def"], ["coq", "Theorem"]] as const) {
    assert(highlight(text, language).includes("hljs-"), language);
  }
  for (const language of ["csharp", "c", "vim", "__proto__", "text"]) {
    assertEquals(highlight("static a = 1;", language), "static a = 1;", language);
  }
});

Deno.test("formulas that a parser would make gigabytes of, or that write on the console, are code", () => {
  const powers = String.raw`\def\a{xx}\def\b{\a\a}\b`;
  for (
    const formula of [
      ...["x".repeat(5001), "{".repeat(4000), powers, powers.replaceAll("def", "gdef")],
      ...["def", "edef", "xdef", "newcommand", "renewcommand", "providecommand"].map((name) =>
        `\\${name}{\\a}{x}`
      ),
      ...[String.raw`\let\a=x`, String.raw`\global\let\a x`, String.raw`\message{a}`],
      String.raw`\begin{matrix}${"&".repeat(4900)}\end{matrix}`,
    ]
  ) {
    assertEquals(renderMath(formula, true), `<code>${escapeHtml(formula)}</code>`);
  }
  for (const formula of ["\\deg x", String.raw`x \tag{1}`, String.raw`\longrightarrow`]) {
    assert(renderMath(formula, true).includes('class="katex"'), formula);
  }
});

Deno.test("the formulas of a cell become half a million characters at most, and in its headings as many", () => {
  const matrix = String.raw`$\begin{matrix}${"&".repeat(400)}\end{matrix}$`;
  for (const text of [`${matrix} `.repeat(100), `# ${matrix}\n\n`.repeat(100)]) {
    const { cells, headings } = renderNotebook(notebook(prose(text)));
    const all = [...cells, ...headings.map(({ html }) => html)].join("");
    assert(all.includes('class="katex"') && all.includes("<code>"));
    assert(all.length < 1_000_000 + 10 * text.length, `${all.length}`);
  }
});
