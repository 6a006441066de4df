// Every task of deno.json that runs a program of ours: help and wrong words, before it does anything.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkout } from "../../../lib/workshop/checkout.ts";
import config from "../../../deno.json" with { type: "json" };

const programs = Object.entries(config.tasks).flatMap(([name, { command }]) => {
  // paths that are given to it begin where the task was called
  const own = command.replace(/^ROOT=\$PWD && cd "\$INIT_CWD" && (.*)"\$ROOT\/(\S+)"$/, "$1$2");
  const [, file] = /^deno run -A (\S+\.ts)$/.exec(own) ?? [];
  return file === undefined ? [] : [{ name, file }];
});

/** What lies in the checkout and may be written by a task: names and times. */
function stateOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    const { mtime } = Deno.lstatSync(path);
    const own = `${path} ${mtime?.getTime()}`;
    return isDirectory ? [own, ...stateOf(path)] : [own];
  }).sort();
}

const written = ["data", "notebooks"].map((name) => `${checkout}/${name}`);
const state = (): string[] => written.flatMap(stateOf);

async function run(file: string, ...words: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `${checkout}/${file}`, ...words],
    cwd: checkout,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

Deno.test("every task that is no chain of deno's own commands runs a program", () => {
  const ours = [
    "start",
    "normkit",
    "lab",
    "bench",
    "bench:io",
    "bench:pages",
    "fuzz",
    "fuzz:cli",
    "fuzz:ops",
    "kernels",
  ];
  const others = [
    "reproduce",
    "spoken-digits",
    "proofs",
    "notebooks",
    "site",
    "claims",
    "guides",
    "score",
    "npm",
  ];
  assertEquals(programs.map(({ name }) => name).sort(), [...ours, ...others].sort());
});

/** The variables of this process, as they are where no task runs this test. */
function outsideOfTasks(): Record<string, string> {
  const { INIT_CWD: _, ...others } = Deno.env.toObject();
  return { ...others, NO_COLOR: "1" };
}

Deno.test("deno task normkit reads and writes where it is called", async () => {
  const folder = await Deno.makeTempDir({ dir: `${checkout}/notebooks`, prefix: "called from " });
  try {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "-q", "normkit", "inspect", "no such model"],
      cwd: folder,
      clearEnv: true,
      env: outsideOfTasks(),
      stdin: "null",
    }).output();
    assertEquals([code, new TextDecoder().decode(stdout)], [3, ""]);
    await Deno.mkdir(`${folder}/my model`);
    await Deno.writeTextFile(`${folder}/my model/config.json`, "{}");
    const found = await new Deno.Command(Deno.execPath(), {
      args: ["task", "-q", "normkit", "inspect", "my model", "--json"],
      cwd: folder,
      clearEnv: true,
      env: outsideOfTasks(),
      stdin: "null",
    }).output();
    assertStringIncludes(new TextDecoder().decode(found.stdout), "model_type");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const { name, file } of programs) {
  Deno.test(`deno task ${name} shows its help, refuses what it does not know, and does nothing`, async () => {
    const before = state();
    for (const word of ["--help", "-h"]) {
      const { code, out, err } = await run(file, word);
      assertEquals([code, err], [0, ""]);
      assertMatch(out, name === "normkit" ? /^Usage: normkit COMMAND/m : /^Usage: deno task /);
      assertStringIncludes(out, "Exit codes: 0 done, 1 failed or stopped early, 2 ");
    }
    for (const words of [["--nonsense"], ["-x"], ["nonsense"], [""], ["--help=yes"]]) {
      const { code, err } = await run(file, ...words);
      assertEquals(code, 2, `${words}: ${err}`);
      assertStringIncludes(
        err,
        name === "normkit" ? "Try: normkit" : `Try: deno task ${name} --help`,
      );
      assert(!err.includes("    at "), err);
    }
    assertEquals(state(), before);
  });
}
