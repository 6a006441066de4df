// The examples that readers copy: those of pages and of the entry points, run as they stand, and CONTRIBUTING's files, type-checked.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pathToFileURL } from "node:url";
import { checkout } from "../lib/workshop/checkout.ts";

/** Pages and entry points that have examples. The blocks of pytorch.md build on each other; tests/guides_test.ts runs them. */
async function filesWithExamples(): Promise<string[]> {
  const { exports } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`)) as {
    readonly exports: Readonly<Record<string, string>>;
  };
  const guides = [...Deno.readDirSync(`${checkout}/notebooks/guides`)].map(({ name }) =>
    `notebooks/guides/${name}`
  ).filter((path) => !path.endsWith("/pytorch.md"));
  const files = ["README.md", "CONTRIBUTING.md", "DESIGN.md", ...guides, ...Object.values(exports)];
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(`${checkout}/${file}`)));
  return files.filter((_, index) => /^(?: \* )?```ts$/m.test(texts[index]!));
}

Deno.test("the examples of pages and of the entry points run", async () => {
  const files = await filesWithExamples();
  assert(files.includes("README.md") && files.includes("./lib/tfjs/mod.ts"), `${files}`);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--doc", ...files],
    cwd: checkout,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stdout) + text(stderr));
  const [, passed] = /ok \| (\d+) passed \| 0 failed/.exec(text(stdout)) ?? [];
  assert(Number(passed) >= files.length, `${passed} examples of ${files}`);
});

/** The programs in CONTRIBUTING.md that are whole files, with the path that the step before them names. */
async function wholeFiles(): Promise<Map<string, string>> {
  const text = await Deno.readTextFile(`${checkout}/CONTRIBUTING.md`);
  const blocks = text.matchAll(
    /`(lib\/(?!kernels)\S+\/my_\w+\.ts)`((?:(?!`lib\/\S+my_)[^])*?)^( *)```\n([^]*?)^ *```/gm,
  );
  return new Map(
    [...blocks].filter(([, , , , code]) => /^ *import /m.test(code!))
      .map(([, path, , , code]) => [path!, code!]),
  );
}

Deno.test("the whole files in CONTRIBUTING.md type-check where they are to stand", async () => {
  const files = await wholeFiles();
  assertEquals([...files.keys()].length, 3, `${[...files.keys()]}`);
  const folder = await Deno.makeTempDir();
  try {
    const paths: string[] = [];
    for (const [path, code] of files) {
      const there = pathToFileURL(`${checkout}/${path}`);
      const absolute = code.replaceAll(
        /from "(\.[^"]+)"/g,
        (_, to) => `from "${new URL(to, there)}"`,
      );
      paths.push(`${folder}/${path.replaceAll("/", "_")}`);
      await Deno.writeTextFile(paths.at(-1)!, absolute);
    }
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--no-lock", "--config", `${checkout}/deno.json`, ...paths],
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("CONTRIBUTING.md names every folder of lib, README.md every residual variant", async () => {
  const readme = await Deno.readTextFile(`${checkout}/README.md`);
  const contributing = await Deno.readTextFile(`${checkout}/CONTRIBUTING.md`);
  for await (const { name } of Deno.readDir(`${checkout}/lib`)) {
    assertStringIncludes(contributing, `${name}/`);
  }
  const { residuals } = await import("@normkit/normkit");
  for (const { label } of residuals) assertStringIncludes(readme, label.split(",")[0]!);
});
