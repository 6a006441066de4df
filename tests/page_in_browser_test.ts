// The page of the first notebook in a real browser, without a network: every picture shows and every formula is set.
// Without Chromium on the machine the test is ignored, by name; CI installs it.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { notebookPage, readNotebook } from "../lib/jupyter/mod.ts";

async function findChromium(): Promise<string | undefined> {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      await new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
        .output();
      return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

const chromium = await findChromium();
const count = `<script>addEventListener("load", () => {
  const pictures = [...document.images];
  const shown = pictures.filter((picture) => picture.naturalWidth > 300);
  const formulas = document.querySelectorAll(".katex").length;
  document.title = [pictures.length, shown.length, formulas, document.querySelectorAll(".katex-error").length].join(" ");
});</script>`;

Deno.test({
  name: `notebookPage() shows every picture and formula in a browser (${
    chromium ?? "no Chromium here"
  })`,
  ignore: chromium === undefined,
  fn: async () => {
    const notebook = await readNotebook(
      new URL("../notebooks/00_start_here.ipynb", import.meta.url).pathname,
    );
    const html = await notebookPage(notebook);
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/page.html`, html.replace("</head>", `${count}</head>`));
      const { stdout } = await new Deno.Command(chromium!, {
        args: [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--host-resolver-rules=MAP * ~NOTFOUND",
          `--user-data-dir=${folder}/profile`,
          "--virtual-time-budget=5000",
          "--dump-dom",
          `file://${folder}/page.html`,
        ],
        stderr: "null",
      }).output();
      const [, title = ""] = /<title>([^<]*)<\/title>/.exec(new TextDecoder().decode(stdout)) ?? [];
      const [pictures, shown, formulas, errors] = title.split(" ").map(Number);
      assertEquals(pictures, html.match(/<img /g)?.length);
      assertEquals([shown, errors], [pictures, 0]);
      assertEquals(formulas! > 15, true, title);
      assertStringIncludes(html, "Stream variance");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
