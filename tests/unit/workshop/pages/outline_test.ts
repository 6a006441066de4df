// Headings and first paragraphs of pages, from the parsed tree: whatever stands inside of whatever, each page stays whole.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseHTML } from "linkedom";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { readNotebook } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { listNotebooks } from "../../../../lib/workshop/notebooks.ts";
import { renderHtml } from "../../../../lib/workshop/pages/markdown.ts";
import { Outline } from "../../../../lib/workshop/pages/outline.ts";
import { renderNotebook } from "../../../../lib/workshop/pages/render.ts";
import { buildSite } from "../../../../lib/workshop/pages/site.ts";
import { notebook, prose } from "../jupyter/notebooks.ts";

const same = (address: string): string => address;

/** The outline of HTML, and what becomes of it. */
function outlined(html: string): { outline: Outline; html: string } {
  const outline = new Outline();
  return { outline, html: renderHtml(html, same, outline) };
}

const nested = "<h2>a <table><tr><td><h2>x</h2></td></tr></table></h2>";

Deno.test("a heading inside of another is part of it", () => {
  const { outline, html } = outlined(`${nested}<h3>b</h3>`);
  assertEquals(outline.headings, [
    { level: 2, id: "a-x", html: "a x" },
    { level: 3, id: "b", html: "b" },
  ]);
  assertEquals(html.split('class="anchor"').length, 3);
  assertStringIncludes(html, '<h2 id="a-x">a <div class="scroll"><table><tr><td><h2>x</h2></td>');
});

Deno.test("a heading's words are phrases, without links, pictures, blocks and attributes", () => {
  const picture = '<img src="data:image/png;base64,AA==" alt="p">';
  const { outline } = outlined(
    `<h2 align="right"><a href="x"><b title="t">b</b></a> <code>c</code><ul><li>d</li></ul>${picture}<p>e</p> &amp;lt;</h2>`,
  );
  assertEquals(outline.headings[0]?.html, "<b>b</b> <code>c</code>de &amp;lt;");
});

Deno.test("a heading keeps an anchor of its own, and none is given twice", () => {
  const { outline, html } = outlined('<h2 id="My-own">a</h2><h2>my own</h2><h3 id="My-own">b</h3>');
  assertEquals(outline.headings.map(({ id }) => id), ["My-own", "my-own", "My-own-1"]);
  for (const { id } of outline.headings) assertStringIncludes(html, `id="${id}"`);
});

Deno.test("anchors of headings with formulas are GitHub's", () => {
  const { headings } = renderNotebook(notebook(prose("## 6.7 Live: $x^d$ in `a & b`")));
  assertEquals(headings[0]?.id, "67-live-xd-in-a--b");
  assertStringIncludes(headings[0]!.html, 'class="katex"');
});

Deno.test("a numbered equation has an anchor by its number or name, and a link to it", () => {
  const named = "$$a \\tag{5}$$\n\n$$b \\tag{Theorem 3.1, Post-LN}$$\n\n$$c$$ and $$d \\tag*{5}$$";
  const { cells: [html], headings } = renderNotebook(notebook(prose(named)));
  const { document } = parseHTML(html!);
  const equations = [...document.querySelectorAll(".equation")];
  const ids = ["eq-5", "eq-theorem-3-1-post-ln", "eq-5-1"];
  assertEquals(equations.map(({ id }) => id), ids);
  for (const equation of equations) {
    assertEquals(equation.querySelectorAll(".katex-display").length, 1);
    const link = equation.querySelector("a.anchor")!;
    assertEquals(link.getAttribute("href"), `#${equation.id}`);
    assertMatch(link.getAttribute("aria-label")!, /^Link to equation (?:5|Theorem 3.1, Post-LN)$/);
  }
  assertEquals(headings, []);
});

Deno.test("each number of an equation of several lines is found, and a link holds no other", () => {
  const lines = "$$\\begin{align} a \\tag{1} \\\\ b \\tag{2} \\end{align}$$";
  const { document } = parseHTML(renderNotebook(notebook(prose(lines))).cells[0]!);
  assert(document.querySelector("#eq-1 .katex-display") !== null);
  assert(document.querySelector("#eq-1 #eq-2") !== null);
  const { cells: [linked] } = renderNotebook(
    notebook(prose("[$$a \\tag{1}$$](b) ## $$c \\tag{2}$$")),
  );
  assertEquals(parseHTML(linked!).document.querySelectorAll("a a").length, 0);
});

Deno.test("no two equations of a notebook have one number", async () => {
  for (const path of await listNotebooks(`${checkout}/notebooks`)) {
    const html = renderNotebook(await readNotebook(path)).cells.join("\n");
    const ids = [...parseHTML(html).document.querySelectorAll(".equation")].map(({ id }) => id);
    assertEquals(ids.filter((id) => /-\d+$/.test(id) && ids.includes(id.replace(/-\d+$/, ""))), []);
    const tags = html.match(/<annotation[^>]*>[^<]*\\tag\*?\{/g) ?? [];
    assertEquals(ids.length, tags.length, path);
  }
});

Deno.test("the lead is the first paragraph, and the second where the first is in italics", () => {
  const leadOf = (text: string) => renderNotebook(notebook(prose(text))).lead;
  assertEquals(leadOf("_by [A](b)_\n\nFirst\n\nSecond"), ["<em>by A</em>", "First"]);
  assertEquals(leadOf("_a_ b _c_\n\nSecond"), ["<em>a</em> b <em>c</em>"]);
  assertEquals(leadOf("<p><table><tr><td><p>x</p></td></tr></table>y</p>\n\nz"), [""]);
});

Deno.test("entities stay what they were", () => {
  const html = '<p title="&amp;quot; &lt;">a &amp;lt; b &lt; é<br></p>';
  assertEquals(renderHtml(html, same), '<p title="&amp;quot; <">a &amp;lt; b &lt; é<br></p>');
  const link = '<a href="javascript&amp;colon;1">a</a>';
  assertEquals(renderHtml(link, same), link);
});

Deno.test("no heading breaks its page, or another's", async () => {
  const headings = [
    nested,
    nested.replaceAll("h2", "h1"),
    `<h1>${nested}</h1>`,
    "<h2><table><tr><td></h2><h2>y</h2>",
    "<h3><li><h3>z</h3></li></ul></h3></div></main>",
    "<h2><details><summary>s<h2>t</h2></summary></details></h2>",
    "<h1><p>a<h1>b<blockquote><h1>c</h1></blockquote></h1>",
  ];
  for (const html of headings) {
    const odd = notebook(prose(html), prose("# Last\n\n## One\n\n## Two\n\n## Three"));
    const pages = await buildSite(
      ["a", "b", "c"].map((name) => ({ name, notebook: odd })),
      { source: "..", made: "made" },
    );
    for (const [file, text] of pages) {
      const { document } = parseHTML(text);
      const inLinks = "a :is(h1, h2, h3, table, p, li, a, details, blockquote)";
      assertEquals(document.querySelectorAll(`nav ${inLinks}, .notebooks ${inLinks}`).length, 0);
      const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id)
        .filter((id) => !id.startsWith("cell-id="));
      assertEquals(ids.length, new Set(ids).size, file);
      for (const link of document.querySelectorAll(".contents a")) {
        assert(ids.includes(link.getAttribute("href")!.slice(1)), `${file}: ${link.outerHTML}`);
      }
      assertEquals(document.querySelector("body > .layout > main > footer")?.textContent, "made");
    }
  }
});
