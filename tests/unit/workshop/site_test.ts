// The command that writes the static edition.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { basename } from "node:path";
import { UsageError } from "../../../lib/cli/command.ts";
import { listNotebooks } from "../../../lib/workshop/notebooks.ts";
import { makeSite } from "../../../lib/workshop/site.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";

Deno.test("deno task site writes a page for each committed notebook, and the list", async () => {
  const out = await Deno.makeTempDir();
  const { log } = console;
  console.log = () => {};
  try {
    assertEquals(await makeSite(["--out", out], checkout), out);
    const names = (await listNotebooks(`${checkout}/notebooks`)).map((path) =>
      `${basename(path, ".ipynb")}.html`
    );
    const files = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    assertEquals(files, [...names, "index.html"].sort());
    for (const file of files) {
      const html = await Deno.readTextFile(`${out}/${file}`);
      assertStringIncludes(html, "Made by deno task site from the committed outputs");
      for (const [, address] of html.matchAll(/ href="([^"#:]+)(?:#[^"]*)?"/g)) {
        const path = decodeURIComponent(address!);
        assertEquals((await Deno.stat(`${out}/${path}`)).size > 0, true, `${file} links ${path}`);
      }
    }
  } finally {
    console.log = log;
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("deno task site refuses what it does not know", async () => {
  await assertRejects(() => makeSite(["--colour"], checkout), UsageError);
  await assertRejects(() => makeSite(["--out"], checkout), UsageError);
});
