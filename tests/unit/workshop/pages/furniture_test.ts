// What stands around a page for its readers: data of charts, side notes, citations, the command that opens it, the search.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import MiniSearch from "minisearch";
import { parseHTML } from "linkedom";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { marksCsv } from "../../../../lib/workshop/pages/chart_data.ts";
import { bibtex, citationHtml } from "../../../../lib/workshop/pages/citations.ts";
import { renderPicture } from "../../../../lib/workshop/pages/pictures.ts";
import { renderNotebook } from "../../../../lib/workshop/pages/render.ts";
import { searchEntries, type SearchEntry } from "../../../../lib/workshop/pages/search_entries.ts";
import { buildSite } from "../../../../lib/workshop/pages/site.ts";
import { excerptOf } from "../../../../lib/workshop/web/search/excerpt.ts";
import { readNotebook } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { listNotebooks } from "../../../../lib/workshop/notebooks.ts";
import { code, notebook, prose } from "../jupyter/notebooks.ts";

const marks = {
  size: [640, 400],
  x: "Step",
  y: "Loss, held out",
  series: [
    { name: 'Pre-"LN"', points: "1|2|0|3.5;2|3|25|2.5" },
    { name: "=cmd()", points: "1|2|-1|-0.5" },
    { name: "none", points: "" },
  ],
};

Deno.test("the values of a chart are a table that spreadsheets take for nothing else", () => {
  assertEquals(
    marksCsv(marks),
    'series,Step,"Loss, held out"\n"Pre-""LN""",0,3.5\n"Pre-""LN""",25,2.5\n =cmd(),-1,-0.5\n',
  );
});

Deno.test("a chart carries its values as a file, and a link to its cell", () => {
  const html = renderPicture({ url: "data:,", alternative: "It's <b>\n1", marks }, 'cell-id=a"b');
  const links = [...parseHTML(html).document.querySelectorAll("figcaption a")];
  assertEquals(links.map((link) => link.textContent), ["Link", "Values (CSV)"]);
  assertEquals(links[0]!.getAttribute("href"), '#cell-id=a"b');
  assertEquals(links[1]!.getAttribute("download"), "it-s-b-.csv");
  const [, data] = links[1]!.getAttribute("href")!.split("utf-8,");
  assertEquals(decodeURIComponent(data!), marksCsv(marks));
  assert(!renderPicture({ url: "data:,", alternative: "a" }).includes("figcaption"));
});

Deno.test("an aside of Markdown is a side note, and no stranger's role or class comes along", () => {
  const { cells: [html] } = renderNotebook(notebook(prose(
    '<aside class="bar" role="banner" onclick="x">\n\nA *word*.\n\n</aside>\n\n<div role="alert" class="bar">b</div>',
  )));
  assertMatch(html!, /<div class="aside" role="note">\s*<p>A <em>word<\/em>\.<\/p>\s*<\/div>/);
  assert(!/alert|banner|onclick|"bar"/.test(html!));
});

Deno.test("the empty corner of a table is the head of nothing", () => {
  const { cells: [html] } = renderNotebook(notebook(prose("|   | a |\n| - | - |\n| b |   |")));
  const rows = [...parseHTML(html!).document.querySelectorAll("tr")].map((row) =>
    [...row.children].map(({ tagName, textContent }) => `${tagName} ${textContent}`)
  );
  assertEquals(rows, [["TD ", "TH a"], ["TD b", "TD "]]);
});

Deno.test("a page cites the papers that it links to, each once, and normkit", () => {
  const found = bibtex(
    "https://arxiv.org/abs/2002.04745 https://arxiv.org/abs/2002.04745 arxiv.org/abs/0000.00000 arxiv.org/abs/2502.02732",
    "The {page}",
  );
  assertEquals(found.match(/^@\w+\{[^,]+/gm), [
    ...["@inproceedings{xiong2020layer", "@inproceedings{kim2025peri", "@software{normkit"],
  ]);
  assertStringIncludes(found, "note = {Notebook: The page}");
  assertEquals(found.split("{").length, found.split("}").length);
  assertStringIncludes(citationHtml(found), "<p>The papers of this page, and normkit. <a");
  assertStringIncludes(citationHtml(bibtex("", "A page")), "<p>normkit. <a");
});

const small = await buildSite([
  { name: "01_a", notebook: notebook(prose("# A\n\n[paper](https://arxiv.org/abs/2304.14802)")) },
], {
  source: "..",
  made: "Made by a test",
  guides: ["one", "two"].map((name) => ({ name, notebook: notebook(prose(`# ${name}`)) })),
  ofAll: (pages) => Promise.resolve(new Map([["all.txt", pages.map((one) => one.address).join()]])),
});

Deno.test("a page says how it is run and cited; guides know each other; files are made of all pages", () => {
  const page = parseHTML(small.get("01_a.html")!).document;
  assertStringIncludes(page.querySelector(".run")!.textContent!, "deno task lab 01_a");
  assertStringIncludes(page.querySelector(".cite code")!.textContent!, "@misc{xie2023residual");
  const next = parseHTML(small.get("one.html")!).document.querySelector('.pager [rel="next"]');
  assertEquals(next!.getAttribute("href"), "two.html");
  assertEquals(small.get("all.txt"), "01_a.html,one.html,two.html");
});

const page = (...cells: Parameters<typeof notebook>): SearchEntry[] =>
  searchEntries([{ address: "a.html", rendered: renderNotebook(notebook(...cells)) }]);

Deno.test("the search knows sections by their anchors, folds too, without code", () => {
  const folded = {
    ...prose("### Proof 1\n\nQED"),
    metadata: { "jp-MarkdownHeadingCollapsed": true },
  };
  const entries = page(
    prose("# On $x^2$\n\nFirst words."),
    code("const hidden = 1;"),
    prose("## Setting\n\nWidth $d_{\\text{model}}$ of a\nmodel."),
    folded,
    prose("after"),
    prose("## End"),
  );
  assertEquals(entries.map(({ address, title, text }) => [address, title, text]), [
    ["a.html#on-x2", "On x^2", "First words."],
    ["a.html#setting", "Setting", "Width d_ model of a model."],
    ["a.html#proof-1", "Proof 1", "QED after"],
    ["a.html#end", "End", ""],
  ]);
  assertEquals(entries[0]!.page, "On x^2");
});

Deno.test("what the search finds is shown with the words around it", () => {
  const text = `${"before ".repeat(30)}Warm-up is long. ${"after ".repeat(80)}`;
  const parts = excerptOf(text, ["warm", "up"]);
  assertEquals(parts.filter(({ isFound }) => isFound).map((part) => part.text), ["Warm", "up"]);
  assertMatch(parts[0]!.text, /^… (?:before )+$/);
  assertMatch(parts.at(-1)!.text, / …$/);
  assertEquals(excerptOf("short", []), [{ text: "short", isFound: false }]);
  assertEquals(excerptOf("a (b) c", ["(b)"])[1], { text: "(b)", isFound: true });
  assertEquals(excerptOf("none", ["x"]), [{ text: "none", isFound: false }]);
});

Deno.test("a committed notebook is found by its words, and what is searched of it is small", async () => {
  const [, path] = await listNotebooks(`${checkout}/notebooks`);
  const rendered = renderNotebook(await readNotebook(path!));
  const entries = searchEntries([{ address: "01.html", rendered }]);
  const bytes = new TextEncoder().encode(JSON.stringify(entries)).length;
  assert(bytes > 5_000 && bytes < 60_000, `${bytes} bytes`);
  const search = new MiniSearch({ fields: ["title", "text", "page"] });
  search.addAll(entries.map((entry, id) => ({ ...entry, id })));
  assert(search.search("warm-up Post-LN gradient", { combineWith: "AND" }).length > 0);
});
