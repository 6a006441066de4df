// The command that writes the static edition.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../../lib/cli/command.ts";
import { listNotebooks } from "../../../lib/cli/notebooks.ts";
import { makeSite } from "../../../lib/cli/site.ts";
import { root } from "../jupyter/notebooks.ts";

Deno.test("deno task site writes a page for each committed notebook, and the list", async () => {
  const out = await Deno.makeTempDir();
  const { log } = console;
  console.log = () => {};
  try {
    assertEquals(await makeSite(["--out", out], root), out);
    const names = (await listNotebooks(`${root}/notebooks`)).map((path) =>
      path.slice(path.lastIndexOf("/") + 1).replace(".ipynb", ".html")
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
  await assertRejects(() => makeSite(["--colour"], root), UsageError);
  await assertRejects(() => makeSite(["--out"], root), UsageError);
});
