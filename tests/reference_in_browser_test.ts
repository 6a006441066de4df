// The reference of all public names, as `deno doc` writes it, on the screen of a phone, and for those who hear it.
// Without Chromium on the machine the test is ignored, by name; CI installs it.

import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { writeApi } from "../lib/workshop/api_pages.ts";
import { chromium, withPage } from "./support/chromium.ts";
import { faultsForSome } from "./support/site_pages.ts";

Deno.test({
  name: `no page of the reference is wider than a phone, and axe-core finds nothing (${
    chromium ?? "no Chromium here"
  })`,
  ignore: chromium === undefined,
  fn: async () => {
    const out = await Deno.makeTempDir();
    try {
      await writeApi(out);
      await withPage({}, async (page) => {
        await page.setViewport({ width: 390, height: 844 });
        for (
          const path of [
            ...["index.html", "all_symbols.html", "train/index.html"],
            ...["~/train.html", "ops/~/gpas.html"],
          ]
        ) {
          await page.goto(pathToFileURL(`${out}/api/${path}`).href);
          const found = await page.evaluate(() => ({
            width: document.documentElement.scrollWidth,
            hangsOver: document.querySelector("#topnav > div")!.getBoundingClientRect().bottom >
              document.querySelector("#content")!.getBoundingClientRect().top,
          }));
          assertEquals(found, { width: 390, hangsOver: false }, path);
          assertEquals(
            await page.$$eval(
              "code",
              (all) =>
                all.flatMap(({ textContent: text }) =>
                  text.match(/\bfrom "(?!@normkit|npm:)[^"]*"/g) ?? []
                ),
            ),
            [],
            path,
          );
          assertEquals(await faultsForSome(page), [], path);
        }
      });
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  },
});
