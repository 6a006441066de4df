// Pictures of executed notebooks as PNG: their size and their words stay.

import { assertEquals } from "@std/assert";
import { picturesToPng } from "../../../lib/workshop/notebooks.ts";
import { notebookPage } from "../../../lib/workshop/pages/page.ts";
import { parseHTML } from "linkedom";
import { code, notebook } from "./jupyter/notebooks.ts";

const svg =
  '<svg xmlns="http://www.w3.org/2000/svg" aria-label="A &amp; B" width="4" height="3"></svg>';

Deno.test("picturesToPng() keeps size and words of each picture, and pages say them", async () => {
  const executed = notebook(...[{ "text/plain": ["A & B\n", "A: 1"] }, {}].map((words) => ({
    ...code("draw();"),
    outputs: [{
      output_type: "display_data" as const,
      data: { "image/svg+xml": svg, ...words },
      metadata: {},
    }],
  })));
  await picturesToPng(executed);
  const metadata = executed.cells.map(({ outputs: [output] = [] }) =>
    output !== undefined && "metadata" in output ? output.metadata : undefined
  );
  assertEquals(metadata, [
    { "image/png": { width: 4, height: 3, alt: "A & B" } },
    { "image/png": { width: 4, height: 3, alt: "A & B" } },
  ]);
  const { document } = parseHTML(await notebookPage(executed));
  const images = [...document.querySelectorAll("img")];
  assertEquals(images.map((image) => image.getAttribute("alt")), ["A & B\nA: 1", "A & B"]);
});
