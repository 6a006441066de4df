// What the library takes for granted of the engine: no more than Node 20 has. TypeScript checks it, with the declarations of that age; what
// Deno alone has is in platform/deno.ts.

import { assert, assertEquals } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";

const config = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`)) as {
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
};

/** ES2023, and of what came later `isWellFormed()` and `Symbol.dispose`. */
const declarations = [
  ...["es2023", "es2024.string", "esnext.disposable"],
  ...["dom", "dom.iterable", "dom.asynciterable"],
];

/** What is wrong with files where the engine is Node 20: a line for each error, platform/deno.ts aside. */
async function complaints(files: readonly string[]): Promise<string[]> {
  const settings = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const compilerOptions = { ...config.compilerOptions, lib: declarations };
    await Deno.writeTextFile(settings, JSON.stringify({ ...config, compilerOptions }));
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--no-lock", "--config", settings, ...files],
      cwd: checkout,
      env: { NO_COLOR: "1" },
    }).output();
    const blocks = new TextDecoder().decode(stderr).split(/\n\n(?=TS\d+ )/);
    return blocks.filter((block) => /^TS\d+ |\nTS\d+ /.test(block))
      .filter((block) => !block.includes("/lib/platform/deno.ts:"));
  } finally {
    await Deno.remove(settings);
  }
}

Deno.test("every entry point needs no more of the engine than Node 20 has", async () => {
  assertEquals(await complaints(Object.values(config.exports)), []);
});

Deno.test("complaints() finds what is newer than Node 20", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const newer = ["Map.groupBy([], String)", "Array.fromAsync([])", "new Set().union(new Set())"];
    const newest = ["Promise.withResolvers()", "[1].values().map(String)"];
    const old = ['[1].toSorted(); [1].with(0, 2); "".isWellFormed(); Symbol.dispose.toString();'];
    await Deno.writeTextFile(file, [...newer, ...newest, ...old].join(";\n"));
    const found = await complaints([file]);
    assertEquals(found.length, newer.length + newest.length, found.join("\n"));
    assert(found.every((block, at) => block.includes(`.ts:${at + 1}:`)), found.join("\n"));
  } finally {
    await Deno.remove(file);
  }
});
