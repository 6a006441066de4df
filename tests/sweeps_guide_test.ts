// notebooks/guides/sweeps.md, followed by a newcomer in an empty folder whose name has a space and an umlaut: every command runs as it
// stands, and goes on where it was killed.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";
import { cliFile } from "./support/cli.ts";
import { inFolder, namesIn } from "./unit/checkpoint/files.ts";

const page = await Deno.readTextFile(`${checkout}/notebooks/guides/sweeps.md`);

const [, file] = /^```json\n([^]*?)^```$/m.exec(page)!;
const [, table] = /\n\n```\n([^]*?)^```$/m.exec(page)!;

/** The words of each command of ours, in the order in which a reader comes to them. */
const commands = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, lines]) =>
  [...lines!.matchAll(/^deno task normkit (.*)$/gm)].map(([, words]) => words!.split(" "))
);

const start = (cwd: string, words: readonly string[]): Deno.ChildProcess =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", cliFile, ...words],
    ...{ cwd, env: { NO_COLOR: "1" }, stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();

/** What a command says. */
async function said(cwd: string, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await start(cwd, words).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Kills a command as soon as something is so; again from the start where it ended before that was seen. */
async function killed(
  cwd: string,
  words: readonly string[],
  out: string,
  isSo: () => boolean,
): Promise<void> {
  for (;;) {
    const child = start(cwd, words);
    const ended = child.output();
    let isOver = false;
    void child.status.then(() => isOver = true);
    while (!isOver && !isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
    if (!isOver) child.kill("SIGKILL");
    if ((await ended).signal === "SIGKILL") return;
    await Deno.remove(out, { recursive: true });
  }
}

/** Whether a folder has a file of such a name; not where it is missing. */
function has(folder: string, pattern: RegExp): boolean {
  try {
    return namesIn(folder).some((name) => pattern.test(name));
  } catch {
    return false;
  }
}

Deno.test("the commands of the guide to sweeps run as they stand, those that train after a kill too", () =>
  inFolder(async (around) => {
    const folder = `${around}/a newcomer's földer`;
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/warmup.json`, file!);
    const outputs = new Map<string, string>();
    for (const words of commands) {
      const [first, second] = words as [string, string];
      if (first === "sweep" && second === "run") {
        const out = `${folder}/warmup`;
        await killed(folder, words, out, () => has(out, /^[0-9a-f]{16}\.json$/));
      }
      if (words.includes("--save-every")) {
        const states = `${folder}/long/unfinished/post-ln`;
        await killed(folder, words, `${folder}/long`, () => has(states, /^step-\d+\.json$/));
      } else outputs.set(words.slice(0, 2).join(" "), await said(folder, words));
    }
    assertEquals([...outputs.keys()], [
      ...["plan", "run", "status", "table", "plot"].map((action) => `sweep ${action}`),
      "train --resume",
      "sweep workflow",
    ]);
    assertMatch(outputs.get("sweep run")!, /24 of 24 cells are done in warmup/);
    assertMatch(outputs.get("sweep status")!, /24 done/);
    const columns = (text: string): string[][] =>
      text.trimEnd().split("\n").map((line) => line.split(/ {2,}/))
        .map((line) => [line[0]!, line[1]!, line.at(-2)!]);
    assertEquals(columns(outputs.get("sweep table")!), columns(table!));
    assert(has(folder, /^warmup\.svg$/));
    assertEquals(namesIn(`${folder}/long`).filter((name) => name.endsWith(".json")), [
      "post-ln.json",
      "pre-ln.json",
    ]);
    assertEquals(namesIn(`${folder}/warmup.workflow`), ["Snakefile", "array.sh"]);
    assert(page.includes("snakemake -s warmup.workflow/Snakefile"));
    assert(page.includes("sbatch warmup.workflow/array.sh"));
  }));
