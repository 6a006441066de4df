// Claims from the outputs of notebooks to data/RESULTS.md, data/claims.json and the counts in README.md.

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { claimFiles, collectClaims } from "../../../lib/workshop/claims.ts";
import {
  claimsTable,
  type FoundClaim,
  resultsPage,
  verdictCounts,
  withCounts,
} from "../../../lib/workshop/results.ts";
import { picturesToPng } from "../../../lib/workshop/notebooks.ts";
import { executeNotebook } from "../../../lib/workshop/jupyter/execute.ts";
import { readNotebook, writeNotebook } from "../../../lib/workshop/jupyter/notebook_file.ts";
import type { Claim } from "../../../lib/notebook/claims.ts";
import { claimType, expectations, verdicts } from "../../../lib/notebook/claims.ts";
import { code, notebook, prose } from "./jupyter/notebooks.ts";

const claimOf = (id: string, more: Partial<Claim> = {}): Claim => ({
  id,
  paper: "Xiong et al. 2020",
  claim: "Post-LN needs warm-up",
  setting: "8 layers",
  ours: 0.57512,
  verdict: "reproduced",
  ...more,
});

const cellOf = (id: string, ...claims: readonly unknown[]) => ({
  ...code("claim(…)"),
  id,
  outputs: [{
    output_type: "execute_result" as const,
    data: { "text/plain": "…", [claimType]: claims },
    metadata: {},
    execution_count: 1,
  }],
});

const two = [
  { file: "01_a.ipynb", notebook: notebook(prose("# A"), cellOf("first", claimOf("a-one"))) },
  {
    file: "02_b.ipynb",
    notebook: notebook(
      code("1 + 1"),
      cellOf(
        "second",
        claimOf("b-one", { spread: 0.01, papers: "33|34" }),
        claimOf("b-two", { verdict: "not seen at this scale" }),
      ),
    ),
  },
];

Deno.test("collectClaims() finds every claim with its notebook and cell, in order", () => {
  assertEquals(
    collectClaims(two).map(({ id, notebook, cell }) => [id, notebook, cell]),
    [
      ["a-one", "01_a.ipynb", "first"],
      ["b-one", "02_b.ipynb", "second"],
      ["b-two", "02_b.ipynb", "second"],
    ],
  );
});

Deno.test("collectClaims() refuses a cell whose claims are not shown", () => {
  const hidden = { ...code('claim({ id: "lost" });\ncheck("a", 1, { above: 0 });'), id: "silent" };
  assertThrows(
    () => collectClaims([{ file: "03_c.ipynb", notebook: notebook(hidden) }]),
    RangeError,
    "03_c.ipynb, cell silent: it shows none; claim() must be its last statement",
  );
});

Deno.test("collectClaims() refuses an id that stands twice, and a malformed claim", () => {
  const again = { file: "03_c.ipynb", notebook: notebook(cellOf("third", claimOf("a-one"))) };
  assertThrows(
    () => collectClaims([...two, again]),
    RangeError,
    'the claim "a-one" of 03_c.ipynb, cell third: 01_a.ipynb, cell first, has it too',
  );
  const wrong = {
    file: "03_c.ipynb",
    notebook: notebook(cellOf("third", { ...claimOf("c"), verdict: "yes" })),
  };
  assertThrows(() => collectClaims([wrong]), RangeError, 'its verdict is "yes"');
});

Deno.test("collectClaims() refuses what is no list of claims in a sentence", () => {
  const withData = (data: unknown) => {
    const cell = cellOf("third");
    const [output] = cell.outputs;
    const outputs = [{ ...output!, data: { [claimType]: data as never } }];
    return [{ file: "03_c.ipynb", notebook: notebook({ ...cell, outputs }) }];
  };
  for (const data of [5, true, null, "many", {}, { length: 3 }]) {
    assertThrows(() => collectClaims(withData(data)), RangeError, "it must be a list");
  }
  for (const one of [5, null, "x", [], {}]) {
    assertThrows(() => collectClaims(withData([one])), RangeError, "claim");
  }
  assertEquals(collectClaims(withData([])), []);
});

Deno.test("collectClaims() looks at each of 200,000 claims once", () => {
  // comparing each with those before it would be 2·10¹⁰ comparisons
  const cells = Array.from({ length: 2000 }, (_, cell) =>
    cellOf(
      `cell-${cell}`,
      ...Array.from({ length: 100 }, (_, at) => claimOf(`claim-${cell}-${at}`)),
    ));
  const found = collectClaims([{ file: "01_a.ipynb", notebook: notebook(...cells) }]);
  assertEquals(found.length, 200_000);
});

Deno.test("a claim survives the kernel and the file", async () => {
  const source = `import { claim } from "@normkit/normkit/notebook";
claim(${JSON.stringify(claimOf("kernel"))});`;
  const executed = await executeNotebook(notebook(code(source)), { cwd: checkout });
  await picturesToPng(executed);
  const file = await Deno.makeTempFile({ suffix: ".ipynb" });
  try {
    await writeNotebook(file, executed);
    const [found] = collectClaims([{ file: "x.ipynb", notebook: await readNotebook(file) }]);
    assertEquals(found, {
      ...claimOf("kernel"),
      notebook: "x.ipynb",
      cell: executed.cells[0]!.id,
    });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("claimsTable() links each verdict to its cell", () => {
  const lines = claimsTable(collectClaims(two), "notebooks/").split("\n");
  assertEquals(lines.length, 2 + 3);
  assertEquals(
    lines[3],
    "| Xiong et al. 2020 | Post-LN needs warm-up | 33\\|34 | 0.5751 (0.01) | 8 layers | " +
      "[reproduced](notebooks/02_b.ipynb#cell-id=second) |",
  );
  assertStringIncludes(claimsTable([], ""), "No notebook");
});

Deno.test("claimsTable() lets no HTML, line or address of a claim out of its cell", () => {
  const hostile = "<!-- /claims -->\n\n<script>1</script> </td> 1 < 2";
  const [found] = collectClaims(two);
  const claim = { ...found!, claim: hostile, cell: "a) <b>", notebook: "ü (1).ipynb" };
  const lines = claimsTable([claim], "").split("\n");
  assertEquals(lines.length, 3);
  assertStringIncludes(lines[2]!, "\\<!-- /claims --> \\<script>1\\</script> \\</td> 1 < 2 |");
  assertStringIncludes(lines[2]!, "](%C3%BC%20(1).ipynb#cell-id=a)%20%3Cb%3E)");
});

Deno.test("verdictCounts() counts each paper's claims by verdict, and all of them", () => {
  const other = { ...collectClaims(two)[0]!, paper: "Sun et al. 2025", verdict: "contradicted" };
  const lines = verdictCounts(collectClaims(two).concat(other as FoundClaim)).split("\n");
  assertEquals(lines, [
    "| paper | reproduced | not seen at this scale | contradicted |",
    "| --- | --- | --- | --- |",
    "| Xiong et al. 2020 | 2 | 1 |  |",
    "| Sun et al. 2025 |  |  | 1 |",
    "| all 4 claims | 2 | 1 | 1 |",
  ]);
});

Deno.test("resultsPage() has the counts, every claim, and a table of each task", () => {
  const claims = collectClaims(two);
  const rows = [{ variant: "pre-ln", nats: "1 (1 to 2)" }];
  const page = resultsPage(claims, "../notebooks/", [{ id: "chess", title: "Chess", rows }]);
  assertStringIncludes(page, "### Chess\n\nRuns: `data/runs/chess`");
  assertStringIncludes(page, "\n\n| variant | nats |\n| --- | --- |\n| pre-ln | 1 (1 to 2) |\n");
  for (const part of [verdictCounts(claims), claimsTable(claims, "../notebooks/")]) {
    assertStringIncludes(page, `\n\n${part}\n`);
  }
  for (const [word, meaning] of [...Object.entries(verdicts), ...Object.entries(expectations)]) {
    assertStringIncludes(page, `\n- **${word}**: ${meaning}.\n`);
  }
});

Deno.test("withCounts() replaces what stands between the markers and nothing else", () => {
  const markers = ["<!-- counts: written by deno task claims -->", "<!-- /counts -->"];
  const text = `before\n\n${markers[0]}\n\nold\n\n${markers[1]}\n\nafter\n`;
  assertEquals(withCounts(text, "new"), text.replace("old", "new"));
  assertEquals(withCounts(withCounts(text, "x"), "new"), withCounts(text, "new"));
  assertThrows(() => withCounts("no markers", "new"), RangeError, "README.md must hold");
});

Deno.test("README.md and the files of data state the claims of the committed notebooks", async () => {
  const files = await claimFiles(checkout);
  assertEquals([...files.keys()], ["README.md", "data/RESULTS.md", "data/claims.json"]);
  for (const [file, text] of files) {
    const message = `${file} differs from the notebooks: run deno task claims`;
    assertEquals(await Deno.readTextFile(`${checkout}/${file}`), text, message);
  }
});
