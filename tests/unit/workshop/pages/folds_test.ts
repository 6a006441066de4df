// Folded sections: what a heading hides that JupyterLab would show collapsed.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseHTML } from "linkedom";
import type { Cell } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { renderNotebook } from "../../../../lib/workshop/pages/render.ts";
import { code, notebook, prose } from "../jupyter/notebooks.ts";

const folded = (source: string, metadata: unknown = { "jp-MarkdownHeadingCollapsed": true }) =>
  ({ ...prose(source), metadata }) as Cell;

/** The page as a tree: folds in brackets behind their headings. */
function shape(...cells: Cell[]): string {
  const { cells: parts } = renderNotebook(notebook(...cells));
  const { document } = parseHTML(`<main>${parts.join("")}</main>`);
  const words = (node: Element): string[] =>
    [...node.children].map((child) => {
      if (child.tagName !== "DETAILS") return child.textContent!.replaceAll(/[\s#]+/g, " ").trim();
      const [summary, inside] = [...child.children];
      return `${summary!.textContent!.replaceAll(/[\s#]+/g, " ").trim()} [${
        words(inside!).filter((word) => word !== "").join(", ")
      }]`;
    });
  return words(document.querySelector("main") as unknown as Element).join(", ");
}

Deno.test("a folded heading holds the rest of its cell and all cells to the next heading of its level or a higher one", () => {
  assertEquals(
    shape(
      prose("# T"),
      folded("### Proof 1\n\nstep"),
      code("1"),
      prose("#### Lemma"),
      prose("end"),
      prose("### After"),
    ),
    "T, Proof 1 [step, 1, Lemma, end], After",
  );
  assertEquals(shape(folded("### A"), prose("a"), prose("## B"), prose("b")), "A [a], B, b");
  assertEquals(shape(folded("### A"), prose("a\n\n# B"), prose("b")), "A [], a B, b");
});

Deno.test("folds lie within folds, and beside them", () => {
  assertEquals(
    shape(
      folded("## A"),
      prose("a"),
      folded("### B"),
      prose("b"),
      folded("### C"),
      prose("c"),
      folded("## D"),
      prose("d"),
    ),
    "A [a, B [b], C [c]], D [d]",
  );
});

Deno.test("only a heading that JupyterLab collapses is a fold", () => {
  const not = [{}, { "jp-MarkdownHeadingCollapsed": false }, {
    "jp-MarkdownHeadingCollapsed": "true",
  }];
  for (const metadata of [...not, null, "jp-MarkdownHeadingCollapsed"]) {
    assertEquals(shape(folded("### A", metadata), prose("a")), "A, a");
  }
  assertEquals(shape(folded("words\n\n### A"), prose("a")), "words A, a");
  assertEquals(shape(folded("#hash"), prose("a")), "hash, a");
});

Deno.test("headings of outputs end no fold", () => {
  const output = {
    output_type: "display_data",
    data: { "text/markdown": "# Large" },
    metadata: {},
  } as const;
  assertEquals(shape(folded("### A"), { ...code("1"), outputs: [output] }), "A [1 Large]");
});

Deno.test("the anchor of a fold is inside of it, once, and the contents lead there", () => {
  const { cells: [html], headings } = renderNotebook(
    notebook(folded("### Proof 1: all of $x$\n\n<b>words</b>")),
  );
  assertEquals(headings[0]!.id, "proof-1-all-of-x");
  assertEquals(html!.split('id="proof-1-all-of-x"').length, 2);
  assertStringIncludes(html!, '<details class="fold"><summary><h3>Proof 1: all of ');
  assertStringIncludes(html!, '<div class="folded" id="proof-1-all-of-x">');
});

Deno.test("a page has 30,000 folds", () => {
  const cells = Array.from({ length: 30_000 }, (_, at) => folded(`${"#".repeat(1 + at % 6)} A`));
  assertEquals(renderNotebook(notebook(...cells)).cells.length, 5000);
});
