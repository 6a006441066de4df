// `deno task notebooks`: which notebooks it executes, and what it refuses before it touches one.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { basename } from "node:path";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { listNotebooks, main } from "../../../lib/workshop/notebooks.ts";
import { printedBy } from "../../support/cli.ts";

Deno.test("notebooks --help says how it is used and executes nothing", async () => {
  const { code, out } = await printedBy(() => main(["--help"]));
  assertEquals(code, 0);
  assertStringIncludes(out, "Usage: deno task notebooks [NAME …]");
  assertEquals(out.includes("Executing"), false);
});

Deno.test("notebooks refuses a name that no notebook begins with, before it executes another", async () => {
  for (const words of [["99"], ["00", "99"]]) {
    const { code, out, err } = await printedBy(() => main(words));
    assertEquals(code, 2);
    assertStringIncludes(err, 'Cannot execute "99": notebooks are 00_start_here.ipynb, ');
    assertEquals(out, "");
  }
  assertEquals((await printedBy(() => main(["--all"]))).code, 2);
});

Deno.test("listNotebooks() has DeepNet before Foundation Transformers, which follows it, and else goes by number", async () => {
  const names = (await listNotebooks(`${checkout}/notebooks`)).map((path) => basename(path));
  const at = names.indexOf("09_deepnorm.ipynb");
  assertEquals(names.slice(at - 1, at + 2), [
    "01_pre_ln.ipynb",
    "09_deepnorm.ipynb",
    "02_sub_ln.ipynb",
  ]);
  const numbered = names.toSpliced(at, 1);
  assertEquals(numbered, numbered.toSorted());
});
