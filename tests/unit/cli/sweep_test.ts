// `normkit sweep`: every cell once, whatever ends the processes; and what is said of it.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readRuns } from "../../../lib/train/mod.ts";
import { cliFile, reportOf, runHere } from "../../support/cli.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { recordsIn, tinySweep } from "../sweep/tiny_sweep.ts";

/** Four variants, two rates, two warm-ups and four seeds: 64 cells. */
const sixtyFour = {
  ...tinySweep,
  grid: {
    "model.residual": ["post-ln", "pre-ln", "deep-norm", "resi-dual"],
    "schedule.peak": [0.001, 0.01],
    "schedule.warmup": [1, 4],
  },
  seeds: 4,
};

/** Writes a sweep; the result is its path. */
async function write(folder: string, file: object): Promise<string> {
  const path = `${folder}/a.json`;
  await Deno.writeTextFile(path, JSON.stringify(file));
  return path;
}

/** When the runs of a folder were begun, by what determines them. */
async function beginningsIn(out: string): Promise<Map<string, string>> {
  const runs = await readRuns(out);
  return new Map(runs.map(({ manifest }) => [manifest.determines, manifest.started]));
}

/** How many cells are done. */
const countIn = (out: string): number => {
  try {
    return namesIn(out).filter((name) => name.endsWith(".json")).length;
  } catch {
    return 0;
  }
};

/** Waits. */
const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Runs a sweep in a group of processes of its own, all of which a signal ends once so many cells are done. */
async function endedAt(cells: number, signal: string, words: readonly string[], out: string) {
  const child = new Deno.Command("setsid", {
    args: [Deno.execPath(), "run", "-A", "--quiet", cliFile, ...words],
    env: { NO_COLOR: "1" },
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  while (countIn(out) < cells) await wait(20);
  await new Deno.Command("kill", { args: [`-${signal}`, "--", `-${child.pid}`] }).output();
  return (await child.status).code;
}

Deno.test({
  name:
    "64 cells whose processes are killed three times are each trained once, as undisturbed ones",
  ignore: Deno.build.os !== "linux", // elsewhere there is no setsid
  fn: () =>
    inFolder(async (folder) => {
      const path = await write(folder, sixtyFour);
      const [whole, killed] = [`${folder}/whole`, `${folder}/killed`];
      const words = (out: string) => ["sweep", "run", path, "--out", out, "--workers", "2"];
      const report = await reportOf(...words(whole));
      assertEquals([report["cells"], report["done"], report["dropped"]], [64, 64, 0]);
      assertEquals(namesIn(whole).length, 128);
      const often = [...words(killed), "--save-every", "2"];
      let before = new Map<string, string>();
      for (const cells of [3, 20, 45]) {
        await endedAt(cells, "KILL", often, killed);
        const started = await beginningsIn(killed);
        assert(started.size < 64, "it was killed before its end");
        for (const [cell, time] of before) assertEquals(started.get(cell), time, "trained again");
        before = started;
      }
      assertEquals((await reportOf(...often))["done"], 64);
      const started = await beginningsIn(killed);
      for (const [cell, time] of before) assertEquals(started.get(cell), time, "trained again");
      assertEquals(await recordsIn(killed), await recordsIn(whole));
      assertEquals(namesIn(killed), namesIn(whole), "nothing is left over");
    }),
});

/** Whether a cell of a sweep that is under way has a state. */
function hasState(out: string): boolean {
  try {
    return namesIn(`${out}/unfinished`).some((cell) =>
      namesIn(`${out}/unfinished/${cell}`).some((name) => /^step-\d+\.json$/.test(name))
    );
  } catch {
    return false; // folders come and go
  }
}

for (const [signal, code] of [["SIGINT", 0], ["SIGTERM", 143]] as const) {
  Deno.test({
    name: `a sweep that ${signal} ends saves its cells, ends with ${code}, and goes on`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      inFolder(async (folder) => {
        const settings = { ...tinySweep.settings, steps: 600, evaluateEvery: 600 };
        const path = await write(folder, { ...tinySweep, settings, grid: {}, nuisance: [] });
        const [out, whole] = [`${folder}/a`, `${folder}/whole`];
        const words = ["sweep", "run", path, "--workers", "2"];
        const child = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--quiet", cliFile, ...words, "--save-every", "20"],
          env: { NO_COLOR: "1" },
          ...{ stdin: "null", stdout: "piped", stderr: "null" },
        }).spawn();
        const said = new Response(child.stdout).text();
        while (!hasState(out)) await wait(20);
        child.kill(signal);
        assertEquals((await child.status).code, code);
        assertMatch(await said, /of 2 cells are done in .*; the same command goes on/);
        assert(hasState(out) || countIn(out) > 0);
        assertEquals((await reportOf(...words))["done"], 2);
        assertEquals((await reportOf(...words, "--out", whole))["done"], 2);
        assertEquals(await recordsIn(out), await recordsIn(whole));
        assertEquals(namesIn(out), namesIn(whole));
      }),
  });
}

Deno.test("sweep status, table, plot, plan and workflow say what they should of a sweep", () =>
  inFolder(async (folder) => {
    const path = await write(folder, tinySweep);
    const status = await reportOf("sweep", "status", path);
    assertEquals([status["cells"], status["to do"]], [8, 8]);
    const plan = await reportOf("sweep", "plan", path);
    assertEquals([plan["cells"], plan["done"], plan["tokens"]], [8, 0, 8 * 8 * 2 * 8]);
    const { code, out } = await runHere("sweep", "plot", path);
    assertEquals([code, out], [3, ""]);
    const workflow = await reportOf("sweep", "workflow", path, "--jobs", "3");
    assertEquals(workflow["jobs"], 3);
    assertEquals(namesIn(`${folder}/a.workflow`), ["Snakefile", "array.sh"]);
    const one = (await Deno.readTextFile(`${folder}/a.workflow/array.sh`)).match(
      /^ {2}(\w{16})$/m,
    )![1]!;
    const cell = await reportOf("sweep", "cell", path, one);
    assertEquals(cell["cells"], { [one]: "done" });
    assertEquals((await reportOf("sweep", "status", path))["done"], 1);
    const table = await runHere("sweep", "table", path);
    assertMatch(table.out, /^residual +best peak +nats +± +seeds +diverged\n/);
    assertEquals((await reportOf("sweep", "plot", path))["figure"], `${folder}/a.svg`);
    assertStringIncludes(await Deno.readTextFile(`${folder}/a.svg`), "<svg");
  }));

const wrong: readonly (readonly [words: readonly string[], code: number, said: string])[] = [
  [[], 2, "actions are run, status, table, plot, plan, workflow, cell"],
  [["walk", "a.json"], 2, 'Cannot do "walk" with a sweep'],
  [["run"], 2, "Cannot run a sweep without its file"],
  [["run", "a.json", "b.json"], 2, "it takes one file"],
  [["run", "a.json", "--workers", "0"], 2, "Cannot use --workers = 0"],
  [
    ["run", "a.json", "--retries", "-1"],
    2,
    "Cannot use --retries = -1: it must be a whole number ≥ 0",
  ],
  [["run", "a.json", "--save-every", "0"], 2, "Cannot use --save-every = 0: it must be a whole"],
  [["run", "a.json", "--jobs", "3"], 2, "Cannot use --jobs with sweep run: it takes --out, --json"],
  [["status", "a.json", "--pack"], 2, "Cannot use --pack with sweep status"],
  [["table", "a.json", "--figure", "a.svg"], 2, "Cannot use --figure with sweep table"],
  [["plot", "a.json", "--workers", "2"], 2, "Cannot use --workers with sweep plot"],
  [["plan", "a.json", "--save-every", "2"], 2, "Cannot use --save-every with sweep plan"],
  [["workflow", "a.json", "--x", "rows"], 2, "Cannot use --x with sweep workflow"],
  [["cell", "a.json", "--pack"], 2, "Cannot use --pack with sweep cell: it takes --out, --json,"],
  [["cell", "a.json"], 2, "Cannot train no cell"],
  [["cell", "a.json", "0123456789abcdef"], 3, "its cells are named like"],
  [["status", "none.json"], 3, "none.json"],
  [["status", "a.json", "--out", "a.json"], 3, "it must be a folder, and is a file"],
  [["plot", "a.json", "--figure", "a.jpg"], 2, "it must end in .svg or .png"],
  [["plot", "a.json", "--x", "rows"], 2, "it must be one of schedule.peak"],
];
for (const [words, code, said] of wrong) {
  Deno.test(`sweep ${words.join(" ")} is refused`, () =>
    inFolder(async (folder) => {
      await write(folder, tinySweep);
      const paths = words.map((word) => word.endsWith(".json") ? `${folder}/${word}` : word);
      const outcome = await runHere("sweep", ...paths);
      assertEquals(outcome.code, code, outcome.err);
      assertStringIncludes(outcome.err, said);
    }));
}

Deno.test("sweep cell of an unknown name writes nothing, within the folder of runs or outside", () =>
  inFolder(async (folder) => {
    const path = await write(folder, tinySweep);
    for (const name of ["0123456789abcdef", "../../outside"]) {
      assertEquals((await runHere("sweep", "cell", path, name)).code, 3);
    }
    assertEquals(namesIn(folder), ["a.json"]);
  }));

Deno.test("a workflow's own commands can be copied where its path has a space", () =>
  inFolder(async (folder) => {
    await write(folder, tinySweep);
    const out = `${folder}/my runs`;
    await reportOf("sweep", "workflow", `${folder}/a.json`, "--out", out);
    const snakefile = await Deno.readTextFile(`${out}.workflow/Snakefile`);
    assertStringIncludes(snakefile, `snakemake -s '${out}.workflow/Snakefile' --cores 4\n`);
    const array = await Deno.readTextFile(`${out}.workflow/array.sh`);
    assertStringIncludes(array, `sbatch '${out}.workflow/array.sh'\n`);
  }));

Deno.test("a table names no best where nothing is done", () =>
  inFolder(async (folder) => {
    const { out } = await runHere("sweep", "table", await write(folder, tinySweep));
    assertMatch(out, /\npost-ln +0 +0\n/);
  }));

Deno.test("a workflow of a sweep that halves is refused", () =>
  inFolder(async (folder) => {
    const path = await write(folder, { ...tinySweep, halving: { steps: [2] } });
    const { code, err } = await runHere("sweep", "workflow", path);
    assertEquals([code, err.includes("an engine does not compare cells")], [3, true], err);
  }));
