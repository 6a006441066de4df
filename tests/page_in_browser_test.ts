// The page of the first notebook in a real browser, without a network: every picture shows and every formula is set.
// Without Chromium on the machine the test is ignored, by name; CI installs it.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";
import { notebookPage } from "../lib/workshop/pages/page.ts";
import { readNotebook } from "../lib/workshop/jupyter/notebook_file.ts";
import { chromium, inBrowser } from "./support/chromium.ts";

Deno.test({
  name: `notebookPage() shows every picture and formula in a browser (${
    chromium ?? "no Chromium here"
  })`,
  ignore: chromium === undefined,
  fn: async () => {
    const notebook = await readNotebook(`${checkout}/notebooks/00_start_here.ipynb`);
    const html = await notebookPage(notebook);
    const found = await inBrowser(html, { width: 1280, height: 900 }, () => ({
      pictures: document.images.length,
      shown: [...document.images].filter(({ naturalWidth }) => naturalWidth > 300).length,
      formulas: document.querySelectorAll(".katex").length,
      errors: document.querySelectorAll(".katex-error").length,
    }));
    assertEquals(found.pictures, html.match(/<img /g)?.length);
    assertEquals([found.shown, found.errors], [found.pictures, 0]);
    assertEquals(found.formulas > 15, true, String(found.formulas));
    assertStringIncludes(html, "Stream variance");
  },
});
