// What a stranger's HTML may still say on a page: prose, tables, links to elsewhere; nothing that runs, loads or sends.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderHtml, renderMarkdown } from "../../../../lib/workshop/pages/markdown.ts";
import { renderNotebook } from "../../../../lib/workshop/pages/render.ts";
import { sanitize } from "../../../../lib/workshop/pages/sanitize.ts";
import { hostileHtml, hostileNotebook, redirect } from "../../../support/hostile_notebook.ts";
import { notebook, prose } from "../jupyter/notebooks.ts";

const same = (address: string): string => address;
const clean = (html: string): string => sanitize(html, same);

/** The tags of well-formed HTML. */
const tagsOf = (html: string): string[] => html.match(/<[^>]*>/g) ?? [];

Deno.test("sanitize() leaves elements of prose, with attributes of prose", () => {
  const kept =
    /^<\/?(?:p|b|a|br|div|details|summary|table|tr|td|math-inline|math-display|img)(?: (?:href|id|open|title|src|alt)="[^"<>]*"| open)*(?: \/)?>$/;
  const links = /^(?!["\s]|\w+:|\/\/|\\)|^(?:https?|mailto):/;
  for (const html of [...hostileHtml, redirect]) {
    const tags = tagsOf(clean(html));
    assertEquals(tags.filter((tag) => !kept.test(tag)), [], html);
    const addresses = tags.map((tag) => / href="([^"]*)"/.exec(tag)?.[1] ?? "");
    assertEquals(addresses.filter((address) => !links.test(address)), [], html);
    assertEquals(tags.filter((tag) => / src="(?!data:image)/.test(tag)), [], html);
  }
});

Deno.test("sanitize() says the same of what it said", () => {
  for (const html of hostileHtml) assertEquals(clean(clean(html)), clean(html));
});

Deno.test("sanitize() closes what was opened, and nothing else", () => {
  assertEquals(clean("<p><b>a</i></div></main>"), "<p><b>a</b></p>");
  assertEquals(clean("a</div><div>b"), "a<div>b</div>");
});

Deno.test("sanitize() keeps prose, tables, code and math as they are", () => {
  for (
    const html of [
      '<h2 id="a-b">A</h2><p align="center">b <sub>2</sub> <em>c</em></p>',
      '<table><tr><th align="right" colspan="2">a</th></tr><tr><td>1</td></tr></table>',
      '<div class="code"><pre><code><span class="hljs-title function_">f</span></code></pre></div>',
      '<a href="https://a.b/c?d=1&amp;e=2#f">g</a><a href="#h">i</a><a href="j/k.ipynb">l</a>',
      "<math-inline>a &lt; b \\&amp; c</math-inline>",
      "<details open><summary>s</summary>t</details>",
    ]
  ) assertEquals(clean(html), html);
});

Deno.test("sanitize() takes away classes and ids that are the page's own", () => {
  assertEquals(
    clean('<div class="theme card code"><p id="page:main">a</p><p id="cell-id=b">c</p></div>'),
    '<div class="code"><p>a</p><p>c</p></div>',
  );
});

Deno.test("a picture stays where it carries its data, and is a link to it where not", () => {
  const own = '<img src="data:image/png;base64,AA==" alt="a" width="3" />';
  assertEquals(clean(own), own);
  assertEquals(
    clean('<img src="https://a.b/c.png" alt="d &amp; e">'),
    [
      '<a href="https://a.b/c.png">d &amp; e</a>',
    ].join(),
  );
  assertEquals(clean('<img src="javascript:1">'), "<a>javascript:1</a>");
  assertStringIncludes(
    renderMarkdown("![a plot](plot.png)", (address) => `../${address}`),
    '<a href="../plot.png">a plot</a>',
  );
});

Deno.test("sanitize() checks addresses after they are rewritten", () => {
  assertEquals(sanitize('<a href="x">a</a>', () => "javascript:1"), "<a>a</a>");
});

Deno.test("formulas of strangers are set after the HTML around them is safe", () => {
  const html = renderMarkdown("$a<b$ and $$\\text{<img src=x onerror=1>}$$", same);
  assertEquals(tagsOf(html).filter((tag) => /^<img|onerror/.test(tag)), []);
  assertEquals(html.split('class="katex"').length, 3);
  const linked = renderHtml("<math-inline>\\href{javascript:1}{x}</math-inline>", same);
  assert(!/href="/.test(linked), linked);
});

Deno.test("a hostile notebook has no script but the values of its charts", () => {
  const { cells, headings, lead, titleHtml } = renderNotebook(hostileNotebook);
  const parts = [...cells, titleHtml, ...lead, ...headings.map(({ html }) => html)].join("\n");
  const tags = tagsOf(parts.replaceAll(/"[^"]*"/g, '""'));
  assertEquals(tags.filter((tag) => /\son\w+\s*=|<(?:iframe|meta|base|style|form)/.test(tag)), []);
  assertEquals(tags.filter((tag) => tag.startsWith("<script")), ['<script type="">']);
  assertEquals(
    parts.split('<script type="application/json">').length,
    2,
    "marks of the right form",
  );
});

Deno.test("tasks of a list are signs, and not elements of a form", () => {
  const html = renderMarkdown("- [x] done\n- [ ] open", same);
  assertStringIncludes(html, "☑ done");
  assertStringIncludes(html, "☐ open");
  assert(!html.includes("<input"));
});

Deno.test("a notebook without titles and cells without ids make a page", () => {
  const { title, titleHtml } = renderNotebook(notebook(prose("<b>a & b</b>")));
  assertEquals([title, titleHtml], ["Notebook", "Notebook"]);
});
