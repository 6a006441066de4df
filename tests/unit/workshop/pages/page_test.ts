// Pages from notebooks: self-contained, complete, escaped.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseHTML } from "linkedom";
import { notebookPage } from "../../../../lib/workshop/pages/page.ts";
import type { Output } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { code, notebook, prose } from "../jupyter/notebooks.ts";

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" aria-label="Loss of two variants" width="4" height="3"><path d="M0 0"/></svg>';
const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

function shown(data: Record<string, unknown>): Output {
  return { output_type: "display_data", data, metadata: {} };
}

async function page(source: string, ...outputs: Output[]): Promise<string> {
  return await notebookPage(
    notebook(prose("# Norms & <streams>\n\nInline $x^2$ and\n\n$$\\sum_i x_i$$"), {
      ...code(source),
      outputs,
    }),
    { footer: "Made by a <test>" },
  );
}

const full = await page(
  'const text = "<b>";',
  { output_type: "stream", name: "stdout", text: "a < b\n\u001b[31mred\u001b[39m" },
  shown({ "image/svg+xml": svg, "text/plain": "figure" }),
  shown({ "image/png": png, "text/plain": "Picture of a pixel" }),
  shown({ "text/html": '<table id="html"><tr><td>1</td></tr></table>' }),
  shown({ "text/markdown": "**strong words**" }),
  shown({ "text/latex": "$\\alpha_7$" }),
  { output_type: "error", ename: "Error", evalue: "no", traceback: ["Error: no <tag>"] },
);
const { document } = parseHTML(full);

Deno.test("notebookPage() loads nothing from elsewhere", () => {
  const sources = [...document.querySelectorAll("[src], link[href]")]
    .map((element) => element.getAttribute("src") ?? element.getAttribute("href")!);
  assert(sources.length >= 2);
  assertEquals(sources.filter((source) => !source.startsWith("data:")), []);
  const urls = [...full.matchAll(/url\(([^)]{0,20})/g)].map(([, url]) => url!);
  assert(urls.length >= 10, "the fonts of the formulas are inside");
  assertEquals(urls.filter((url) => !url.startsWith("data:")), []);
  assert(!full.includes("@import"));
});

Deno.test("notebookPage() takes its title from the first heading and is made for phones", () => {
  assertStringIncludes(full, "<title>Norms &amp; &lt;streams&gt;</title>");
  assert(document.querySelector('meta[name="viewport"]') !== null);
  assertEquals(document.documentElement.getAttribute("lang"), "en");
});

Deno.test("notebookPage() shows every kind of output", () => {
  const text = document.querySelector("main")?.textContent ?? "";
  for (const part of ["a < b\nred", "strong words", "Error: no <tag>", 'const text = "<b>";']) {
    assertStringIncludes(text, part);
  }
  assert(document.querySelector("#html td") !== null);
  assert(document.querySelectorAll(".katex").length >= 3);
});

Deno.test("notebookPage() names pictures by the SVG's label or the plain text", () => {
  const names = [...document.querySelectorAll("img")].map((image) => image.getAttribute("alt"));
  assertEquals(names, ["Loss of two variants", "Picture of a pixel"]);
});

Deno.test("notebookPage() escapes code, printed text and the footer", async () => {
  const hostile = "<img src=x onerror=alert(1)>";
  const html = await page(`// ${hostile}`, {
    output_type: "stream",
    name: "stdout",
    text: hostile,
  }, shown({ "text/plain": hostile }));
  const found = parseHTML(html).document.querySelectorAll("img, [onerror]");
  assertEquals(found.length, 0);
  assertStringIncludes(html, "Made by a &lt;test&gt;");
});
