// The command that writes the static edition.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { UsageError } from "../../../lib/cli/command.ts";
import { listNotebooks } from "../../../lib/workshop/notebooks.ts";
import { makeSite } from "../../../lib/workshop/site.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { appPages, searchLink } from "../../../lib/workshop/web/frame.ts";
import { deadLinks } from "../../support/dead_links.ts";

Deno.test("deno task site writes a page for each committed notebook, and the list", async () => {
  const out = await Deno.makeTempDir();
  const { log } = console;
  console.log = () => {};
  try {
    assertEquals(await makeSite(["--out", out], checkout), out);
    const names = (await listNotebooks(`${checkout}/notebooks`)).map((path) =>
      `${basename(path, ".ipynb")}.html`
    );
    const files = [...Deno.readDirSync(out)].filter(({ isFile }) => isFile)
      .map(({ name }) => name).sort();
    const apps = [...appPages, searchLink].map(({ address }) => address);
    const guides = [
      "which_norm.html",
      "pytorch.html",
      "sweeps.html",
      "kernels.html",
      "errors.html",
    ];
    const about = files.filter((file) => /^(?:[A-Z]|data-|proofs-|notebooks-|tests-)/.test(file));
    assert(about.includes("DESIGN.html") && about.includes("data-RESULTS.html"), String(about));
    assertEquals(files, [...names, ...guides, ...about, ...apps, "index.html"].sort());
    const index = await Deno.readTextFile(`${out}/index.html`);
    for (const page of [...guides, "api/index.html", "api/tfjs/index.html"]) {
      assertStringIncludes(index, `href="${page}"`);
    }
    const reference = await Deno.readTextFile(`${out}/api/tfjs/index.html`);
    assertStringIncludes(reference, "RMSNormalization");
    const loaded = [...reference.matchAll(/<(?:script|link)\b[^>]*(?:src|href)="([^"]*)"/g)];
    for (const [, address] of loaded) {
      const path = address!.replaceAll("&#x2F;", "/");
      assertEquals((await Deno.stat(`${out}/api/tfjs/${path}`)).isFile, true, path);
    }
    const pages = await readdir(`${out}/api`, { recursive: true });
    assertEquals(pages.filter((path) => path.includes("%")), []); // servers decode such addresses
    const verdicts = (await Deno.readTextFile(`${out}/api/search_index.js`))
      .matchAll(/"(\.\/notebook\/~\/verdicts\.[^"]*\.html)"/g).toArray();
    assert(verdicts.length > 0);
    assertEquals(await deadLinks(out), []);
    for (const [, path] of verdicts) await Deno.stat(`${out}/api/${decodeURIComponent(path!)}`);
    for (const file of files) {
      const html = await Deno.readTextFile(`${out}/${file}`);
      const how = apps.includes(file) ? "" : " from the committed outputs";
      assertStringIncludes(html, `Made by deno task site${how}`);
    }
  } finally {
    console.log = log;
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("deno task site writes over a site of its own, and over nothing else", async () => {
  const out = await Deno.makeTempDir();
  const { log } = console;
  console.log = () => {};
  try {
    await Deno.mkdir(`${out}/app`);
    await Deno.writeTextFile(`${out}/app/a.js`, "mine");
    await assertRejects(() => makeSite(["--out", out], checkout), RangeError, `${out}/app`);
    await Deno.rename(`${out}/app`, `${out}/api`);
    await assertRejects(() => makeSite(["--out", out], checkout), RangeError, `${out}/api`);
    await Deno.rename(`${out}/api`, `${out}/app`);
    await Deno.writeTextFile(`${out}/index.html`, "Made by deno task site");
    await Deno.writeTextFile(`${out}/gallery.html`, "mine");
    await assertRejects(() => makeSite(["--out", out], checkout), RangeError, "gallery.html");
    await Deno.remove(`${out}/gallery.html`);
    await makeSite(["--out", out], checkout);
    assertEquals([...Deno.readDirSync(`${out}/app`)].some(({ name }) => name === "a.js"), false);
  } finally {
    console.log = log;
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("deno task site refuses what it does not know", async () => {
  await assertRejects(() => makeSite(["--colour"], checkout), UsageError);
  await assertRejects(() => makeSite(["--out"], checkout), UsageError);
});
