// The type check of cells: it finds what the kernel hides, says where, and leaves no file behind.

import { dirname } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { checkNotebook, describeFinding } from "../../../../lib/workshop/jupyter/typecheck.ts";
import { code, notebook, prose } from "./notebooks.ts";

const path = `${checkout}/tests/unit/workshop/jupyter/planted.ipynb`;

async function findings(...cells: Parameters<typeof notebook>): Promise<string[]> {
  const found = await checkNotebook(path, notebook(...cells));
  return found.map((finding) => describeFinding("planted.ipynb", finding));
}

Deno.test("checkNotebook() finds nothing in sound cells that use each other and the kernel's names", async () => {
  const found = await findings(
    code('import { residuals } from "@normkit/normkit";'),
    prose("# Prose is not code"),
    code("const count: number = residuals.length;"),
    code("await Deno.jupyter.display(count);\ncount"),
  );
  assertEquals(found, []);
});

Deno.test("checkNotebook() maps a wrong type to its cell, line and column", async () => {
  const [found, ...more] = await findings(
    code("const one = 1;"),
    prose("between"),
    code('\n  const two: number = "2";\none + two'),
  );
  assertEquals(more, []);
  assertMatch(found!, /^planted\.ipynb cell \[2\] line 2:9: TS2322/);
});

Deno.test("checkNotebook() finds a misspelt import, which the kernel takes for undefined", async () => {
  const [found] = await findings(code("1"), code('import { residualz } from "@normkit/normkit";'));
  assertMatch(found!, /^planted\.ipynb cell \[2\] line 1:10: TS/);
  assertStringIncludes(found!, "residualz");
});

Deno.test("checkNotebook() finds syntax errors and missing modules", async () => {
  assertMatch((await findings(code("1"), code("const x = ;")))[0]!, /cell \[2\] line 1/);
  const [missing] = await findings(code('import { a } from "./no_such_module.ts";\na'));
  assertStringIncludes(missing!, "no_such_module.ts");
});

Deno.test("checkNotebook() exempts cells tagged no-check", async () => {
  assertEquals(await findings(code('const x: number = "a";', "no-check")), []);
});

Deno.test("checkNotebook() leaves no file behind", async () => {
  await findings(code('const x: number = "a";'));
  const names = (await Array.fromAsync(Deno.readDir(dirname(path))))
    .map(({ name }) => name);
  assertEquals(names.filter((name) => name.startsWith(".")), []);
});

Deno.test("checkNotebook() lints the cells where their types are sound", async () => {
  const found = await findings(code("const one = 1;"), code("let two = 2;\none + two"));
  assertEquals(found.length, 1);
  assertMatch(found[0]!, /^planted\.ipynb cell \[2\] line 1:5: prefer-const: /);
});
