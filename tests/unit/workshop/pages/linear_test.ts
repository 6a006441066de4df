// Pages of large notebooks: sizes at which a time that grows with their square would be hours, and parsers that are kept from it.

import { assert, assertEquals } from "@std/assert";
import { Tokenizer } from "marked";
import { Anchors } from "../../../../lib/workshop/pages/anchors.ts";
import {
  highlight,
  renderHtml,
  renderMarkdown,
  renderMath,
} from "../../../../lib/workshop/pages/markdown.ts";
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
  const { body } = renderNotebook(notebook(
    shown({ "text/latex": `${"$".repeat(2_000_000)}x${"$".repeat(2_000_000)}x` }),
    shown({ "image/png": `${"A".repeat(2_000_000)}!`, "text/plain": "no picture" }),
  ));
  assert(body.includes("no picture"));
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

Deno.test("marked looks at most 2,000 characters ahead for text, addresses and emphasis", () => {
  const { inlineText, url, emStrong } = Tokenizer.prototype;
  let farthest = 0;
  const note = (text: string): string => {
    farthest = Math.max(farthest, text.length);
    return text;
  };
  Tokenizer.prototype.inlineText = function (text) {
    return inlineText.call(this, note(text));
  };
  Tokenizer.prototype.url = function (text) {
    return url.call(this, note(text));
  };
  Tokenizer.prototype.emStrong = function (text, masked, before) {
    return emStrong.call(this, note(text), note(masked), before);
  };
  try {
    renderMarkdown("_a *b* a@ $x$ plain words ".repeat(2000), same);
  } finally {
    Object.assign(Tokenizer.prototype, { inlineText, url, emStrong });
  }
  assertEquals(farthest, 2000);
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
  assertEquals(renderHtml(picture, same), picture);
  const deep = "> ".repeat(4000);
  assert(renderMarkdown(deep, same).startsWith("<pre>&gt; "));
  for (const formula of ["x".repeat(5001), "{".repeat(4000)]) {
    assert(renderMath(formula, true).startsWith("<code>"), formula.slice(0, 9));
  }
  for (const text of ["1e".repeat(501), `const a = 1;${"\n".repeat(1001)}`]) {
    assertEquals(highlight(text), text);
  }
  assert(highlight("const a = 1e3;\n".repeat(1000)).includes("hljs-keyword"));
});
