// Recorded runs of figures: named, complete, small, and made once only.

import * as tf from "@tensorflow/tfjs";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { type Grid, runsOf, type TrainingFigure } from "../../../lib/workshop/figures/figure.ts";
import { taskResults } from "../../../lib/notebook/mod.ts";
import type { Task } from "../../../lib/tasks/mod.ts";
import {
  type AnyFigure,
  figures,
  findFigure,
  trainerOf,
} from "../../../lib/workshop/figures/registry.ts";
import { naiveTrainer } from "../../../lib/workshop/figures/naive_arms.ts";
import { taskFigures } from "../../../lib/workshop/figures/tasks.ts";
import { Claims } from "../../../lib/sweep/claims.ts";
import { madeRuns, packFinished, type RunStore } from "../../../lib/sweep/made.ts";
import { type CellEnd, type CellPlace, runCell } from "../../../lib/sweep/run_cell.ts";
import {
  type Cell,
  decoderTrainer,
  taskTrainer,
  type Trainer,
  type VariantSettings,
} from "../../../lib/sweep/trainer.ts";
import { commandLine } from "../../../lib/cli/shell.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { useBackend } from "../../../lib/kernels/mod.ts";
import {
  makeCorpus,
  makeSchedule,
  readRun,
  readRuns,
  type RunRecord,
  writeRun,
} from "../../../lib/train/mod.ts";
import { tinyTasks } from "../../support/tiny_tasks.ts";
import { findResidual, preLn, type Residual, type State } from "../../../lib/residual/mod.ts";

const grid: Grid = {
  variants: ["post-ln", "pre-ln+gpas"],
  rates: [1e-3, 0.01],
  warmups: [1, 4],
  seeds: [0, 1, 2],
  settings: {
    model: { context: 8, width: 8, depth: 2, heads: 2, bias: false },
    schedule: { kind: "constant", peak: 1 },
    steps: 4,
    rows: 2,
    reportEvery: 2,
    evaluateEvery: 2,
    evaluationBatches: 1,
  },
};
const tiny: TrainingFigure = {
  id: "tiny",
  title: "A try",
  notebook: "00_start_here",
  grids: [grid],
  probes: ["stream", "w2", "gates"],
};
const text = makeCorpus("Call me Ishmael. Some years ago, never mind how long. ".repeat(8));

/** What trains the runs of a figure on the text. */
const trainerLike = (kept: Partial<TrainingFigure> = {}, corpus = text): Trainer =>
  decoderTrainer(corpus, { probes: tiny.probes, ...kept }) as Trainer;

/** Trains a run by the cpu backend. */
const makeRun = (run: Cell, place: Omit<CellPlace, "claims">): Promise<CellEnd> =>
  runCell(run, { backend: "cpu", claims: new Claims(), ...place });

/** A variant whose branch counts twice, its first weights larger. */
const doubled = (gain: number): Residual => ({
  ...preLn,
  id: "doubled",
  init: { base: "xavier", gain: () => gain },
  wiring: () => ({
    norms: ["input"],
    gate: "sum",
    update: ({ add, scale }, x, f, n) => add(x, scale(2, f(n.input(x)))),
  }),
});

/** Whether a run of the cpu backend is there. */
async function isMade(run: Cell, store: RunStore): Promise<boolean> {
  return (await madeRuns([run], { backend: "cpu", ...store })).has(run);
}

const listOf = (folder: string): string[] =>
  Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

async function withFolder(f: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await f(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every figure names variants, rates and three seeds that exist", () => {
  assertEquals(new Set(figures.map(({ id }) => id)).size, figures.length);
  for (const figure of figures) {
    assertEquals(findFigure(figure.id), figure);
    assertMatch(figure.notebook, /^\d\d_\w+$/);
    const settings = runsOf<VariantSettings>(figure).map(({ settings }) => settings);
    const seedsOf = Map.groupBy(
      settings,
      ({ model, schedule: { warmup } }) => JSON.stringify([model.residual, warmup]),
    );
    for (const [setting, own] of seedsOf) {
      const rates = Map.groupBy(own, ({ schedule: { peak } }) => peak).values();
      const most = Math.max(...rates.map((same) => new Set(same.map(({ seed }) => seed)).size));
      assert(most >= 3, `${figure.id} needs three seeds of ${setting}`);
    }
    for (const { name, settings, residual } of runsOf<VariantSettings>(figure)) {
      assertMatch(name, /^[\w.+-]+_lr[\d.e-]+_warmup\d+_seed\d+$/);
      assertEquals(
        (residual ?? findResidual(settings.model.residual!)).id,
        settings.model.residual,
      );
      makeSchedule(settings.schedule);
    }
  }
});

Deno.test("runsOf() crosses the grid, the first seed of all variants before the second of any", () => {
  const runs = runsOf(tiny);
  assertEquals(runs.length, 2 * 2 * 2 * 3);
  assertEquals(runs[1]!.name, "post-ln_lr0.001_warmup4_seed0");
  assertEquals(runs[7]!.name, "pre-ln+gpas_lr0.01_warmup4_seed0");
  assertEquals(runs[8]!.name, "post-ln_lr0.001_warmup1_seed1");
  const { model, schedule, seed, steps } = runs[7]!.settings;
  assertEquals([model.residual, seed, steps], ["pre-ln+gpas", 0, 4]);
  assertEquals(schedule, { kind: "constant", peak: 0.01, warmup: 4 });
});

Deno.test("naiveTrainer() starts naive arms where Pre-LN starts, and trains another model from there", async () => {
  await useBackend("cpu");
  const trainer = naiveTrainer(text, { digits: 9 });
  const settings = { ...grid.settings, reportEvery: 1, steps: 3, seed: 1 };
  const cells = (["layer", "rms", "crms-padded"] as const).map((norm) => ({
    name: norm,
    settings: { ...settings, model: { ...settings.model, norm } },
  }));
  const losses: number[][] = [];
  const held = tf.memory().numTensors;
  for (const cell of cells) {
    const { parameters, record: { manifest, rows } } = await trainer.train(cell, {});
    disposeTree(parameters);
    assertEquals(manifest.determines, trainer.hashOf(cell, "cpu"));
    losses.push(rows.filter(({ kind }) => kind === "step").map(({ loss }) => Number(loss)));
  }
  assertEquals(tf.memory().numTensors, held);
  const [layer, ...arms] = losses;
  for (const arm of arms) {
    assertAlmostEquals(arm[0]!, layer![0]!, 1e-5);
    assert(Math.abs(arm[2]! - layer![2]!) > 1e-4, `${arm}, ${layer}`);
  }
  const plain = decoderTrainer(text, { digits: 9 });
  const same = cells.map((cell) => trainer.hashOf(cell, "cpu") === plain.hashOf(cell, "cpu"));
  assertEquals(same, [true, false, false]);
});

Deno.test("runsOf() refuses two runs of one name; a label tells grids apart", () => {
  assertThrows(() => runsOf({ ...tiny, grids: [grid, grid] }), RangeError, "post-ln_lr0.001");
  const runs = runsOf({ ...tiny, grids: [grid, { ...grid, label: "sgd" }] });
  assertEquals(runs[24]!.name, "sgd_post-ln_lr0.001_warmup1_seed0");
});

Deno.test("runCell() writes short rows, one probe at the end, and a manifest that makes it again", async () => {
  await useBackend("cpu");
  await withFolder(async (out) => {
    const run = runsOf(tiny).find(({ name }) => name === "pre-ln+gpas_lr0.01_warmup4_seed0")!;
    const place = { out, trainer: trainerLike(), command: "deno task reproduce tiny" };
    assertEquals(await isMade(run, place), false);
    await makeRun(run, place);
    const { manifest, rows } = await readRun(out, run.name);
    assertEquals(manifest.settings, run.settings);
    assertEquals(manifest.command, "deno task reproduce tiny");
    const count = (kind: string): number => rows.filter((row) => row.kind === kind).length;
    assertEquals([count("step"), count("evaluation")], [2, 3]);
    assertEquals([count("stream"), count("gradient"), count("gate")], [3, 2, 2]);
    for (const row of rows) {
      if (["stream", "gradient", "gate"].includes(row.kind)) assertEquals(row.step, 4);
      for (const value of Object.values(row)) {
        if (typeof value === "number") assertEquals(value, Number(value.toPrecision(6)));
      }
    }
    assertEquals(await isMade(run, place), true);
  });
});

Deno.test("madeRuns() lacks a run of other settings, probes, digits, text or code", async () => {
  await useBackend("cpu");
  await withFolder(async (out) => {
    const place = { out, trainer: trainerLike(), command: "" };
    const run = runsOf({ ...tiny, grids: [{ ...grid, variants: [doubled(2)] }] })[0]!;
    await makeRun(run, place);
    assertEquals((await readRun(out, run.name)).manifest.ownVariant, true);
    assertEquals(await isMade(run, place), true);
    const { settings } = run;
    assertEquals(await isMade({ ...run, residual: doubled(2) }, place), true, "equal code");
    assertEquals(
      await isMade({ ...run, residual: doubled(3) }, place),
      false,
      "a start that differs",
    );
    const other = { ...doubled(2), finish: <T>(_: unknown, [x]: State<T>): T => x };
    assertEquals(await isMade({ ...run, residual: other }, place), false, "a function more");
    assertEquals(await isMade({ ...run, settings: { ...settings, clip: 1 } }, place), false);
    const clear = { ...run, settings: { ...settings, accumulate: 1 } };
    assertEquals(await isMade(clear, place), true, "a default that is written");
    for (const kept of [{ probes: ["stream"] }, { during: ["stream"] }, { digits: 9 }] as const) {
      assertEquals(await isMade(run, { out, trainer: trainerLike(kept) }), false);
    }
    assertEquals(await isMade(run, { ...place, backend: "wasm" }), false);
    const words = "Call me Ishmael. Some years ago, never mind how much. ".repeat(8);
    assertEquals(await isMade(run, { out, trainer: trainerLike({}, makeCorpus(words)) }), false);
    const renamed = { ...text, name: "the same text elsewhere" };
    assertEquals(await isMade(run, { out, trainer: trainerLike({}, renamed) }), true);
  });
});

Deno.test("runCell() trains for a task: the baseline comes first, and a variant of one's own counts", async () => {
  await useBackend("cpu");
  await withFolder(async (out) => {
    const { task, settings } = tinyTasks["image-classification"]!();
    const trainer = taskTrainer(task) as Trainer;
    const model = { ...settings.model, residual: "doubled" };
    const run = { name: "one", settings: { ...settings, steps: 2, model }, residual: doubled(2) };
    await makeRun(run, { out, trainer, command: "" });
    const { manifest, rows } = await readRun(out, "one");
    assertEquals([manifest.ownVariant, rows[0]!.kind], [true, "baseline"]);
    assertEquals(await isMade(run, { out, trainer }), true);
    assertEquals(await isMade({ ...run, residual: doubled(3) }, { out, trainer }), false);
  });
});

Deno.test("madeRuns() lacks a run with a broken manifest or missing rows", async () => {
  await useBackend("cpu");
  await withFolder(async (out) => {
    const run = runsOf(tiny)[0]!;
    const place = { out, trainer: trainerLike({ probes: [] }), command: "" };
    await makeRun(run, place);
    await Deno.writeTextFile(`${out}/${run.name}.json`, "{");
    assertEquals(await isMade(run, place), false);
    await makeRun(run, place);
    assertEquals(await isMade(run, place), true);
    await Deno.remove(`${out}/${run.name}.jsonl`);
    assertEquals(await isMade(run, place), false);
  });
});

Deno.test("packFinished() packs a figure when its last run is there, and packed runs count as made", async () => {
  await useBackend("cpu");
  await withFolder(async (out) => {
    const runs = runsOf({ ...tiny, grids: [{ ...grid, rates: [0.01], warmups: [1] }] });
    const place = { out, trainer: trainerLike(), command: "" };
    for (const run of runs.slice(1)) await makeRun(run, place);
    assertEquals(await packFinished(runs, { ...place, backend: "cpu" }), false);
    assertEquals(listOf(out).length, 2 * (runs.length - 1));
    await makeRun(runs[0]!, place);
    await makeRun({ ...runs[0]!, name: "mine" }, place);
    const loose = await readRuns(out);
    assertEquals(await packFinished(runs, { ...place, backend: "cpu" }), true);
    assertEquals(listOf(out), ["manifests.jsonl", "mine.json", "mine.jsonl", "rows.jsonl"]);
    assertEquals(await readRuns(out), loose);
    for (const run of runs) assertEquals(await isMade(run, place), true);
    const [first, ...others] = runs;
    const again = { ...first!, settings: { ...first!.settings, steps: 2 } };
    assertEquals(await isMade(again, place), false);
    await makeRun(again, place); // a newer run beside the packed one
    assertEquals((await readRun(out, first!.name)).manifest.settings.steps, 2);
    assertEquals(await packFinished([again, ...others], { ...place, backend: "cpu" }), true);
    assertEquals(listOf(out).length, 4);
    assertEquals((await readRun(out, first!.name)).manifest.settings.steps, 2);
    assertEquals((await readRuns(out)).length, runs.length + 1);
  });
});

/** What spoken digits make of a model: ten words, or a blank and the letters of their names. */
const spokenSizes: Readonly<Record<string, object>> = {
  keyword: { channels: 40, frames: 100, classes: 10, reads: "mean" },
  "speech-ctc": { channels: 40, frames: 100, classes: 16, reads: "all" },
};

/**
 * What trains the runs of a figure. Spoken digits are not there on every machine: the first recorded run says what is known of them, and the
 * others must have been made of the same.
 */
async function trainerHere(figure: AnyFigure): Promise<Trainer> {
  const { id } = figure;
  const sizes = spokenSizes[id];
  if (sizes === undefined) return await trainerOf(figure);
  const [{ manifest }] = await readRuns(`${checkout}/data/runs/${id}`) as [RunRecord];
  const baseline = { name: "none", measured: {} };
  const task = { id, kind: "speech", sizes, length: 100, data: manifest.corpus, baseline };
  return taskTrainer(task as unknown as Task) as Trainer;
}

Deno.test("a task's learning rates are those that its recorded runs choose, none at the sweep's edge", async () => {
  for (const { id, sweeps } of taskFigures) {
    const runs = await readRuns(`${checkout}/data/runs/${id}`);
    const results = taskResults(runs);
    for (const { warmup, chosen, beside = {} } of sweeps) {
      const own = results.filter((result) => result.warmup === warmup);
      assertEquals(Object.fromEntries(own.map(({ variant, rate }) => [variant, rate])), chosen, id);
      for (const { variant, rate, measured, baseline } of own) {
        const what = `${id}, ${variant}, warm-up ${warmup}`;
        assertEquals(measured["nats"]!.length, 3, what);
        const swept = runs.filter(({ manifest }) =>
          manifest.variant === variant && manifest.settings.seed === 0 &&
          manifest.settings.schedule.warmup === warmup
        );
        const [first] = taskResults(swept);
        assert(
          [rate, beside[variant]].includes(first!.rate),
          `${what}: seed 0 does best elsewhere`,
        );
        const rates = swept.map(({ manifest }) => manifest.settings.schedule.peak);
        const inside = Math.min(...rates) < rate && rate < Math.max(...rates);
        const learns = measured["nats"]!.every((nats) => nats < baseline["nats"]!);
        assert(inside || !learns, `${what}: ${rate} is at the edge of ${rates}`);
      }
    }
  }
});

Deno.test("the recorded runs of every figure are packed, and those of its grids as they are now", async () => {
  for (const figure of figures) {
    const out = `${checkout}/data/runs/${figure.id}`;
    assertEquals(listOf(out), ["manifests.jsonl", "rows.jsonl"]);
    const runs = runsOf<VariantSettings>(figure);
    const made = await madeRuns(runs, { out, trainer: await trainerHere(figure) });
    const missing = runs.filter((run) => !made.has(run)).map(({ name }) => name);
    assertEquals(missing, [], `deno task reproduce ${figure.id} --force makes them again`);
    assertEquals((await readRuns(out)).length, runs.length);
  }
});

Deno.test("runCell() writes nothing when it is interrupted before its first step", async () => {
  await useBackend("cpu");
  await withFolder(async (out) => {
    const run = runsOf(tiny)[0]!;
    const place = { out, trainer: trainerLike(), command: "", signal: AbortSignal.abort() };
    assertEquals(await makeRun(run, place), "ended");
    assertEquals([...Deno.readDirSync(out)].length, 0);
  });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function reproduce(...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `${checkout}/lib/workshop/reproduce.ts`, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

Deno.test("reproduce without a figure lists them; --help shows options", async () => {
  const list = await reproduce();
  assertEquals(list.code, 0);
  for (const { id, title } of figures) {
    assertStringIncludes(list.out, id);
    assertStringIncludes(list.out, title);
  }
  const { code, out } = await reproduce("warmup", "--help");
  assertEquals(code, 0);
  for (const word of ["--jobs", "--only", "--dry-run", "Examples:"]) {
    assertStringIncludes(out, word);
  }
});

const wrong: readonly (readonly [string, readonly string[], string])[] = [
  ["an unknown figure", ["warmdown"], "figures are warmup"],
  ["two figures", ["warmup", "warmup"], "name one figure"],
  ["a text that no run holds", ["warmup", "--only", "nowhere"], "they are named like"],
  ["no whole number of jobs", ["warmup", "--jobs", "0"], "--jobs = 0"],
  ["other steps among the recorded runs", ["warmup", "--steps", "3"], "--out"],
];
for (const [what, args, words] of wrong) {
  Deno.test(`reproduce exits with 2 for ${what}`, async () => {
    const { code, err } = await reproduce(...args);
    assertEquals(code, 2, err);
    assertStringIncludes(err, words);
  });
}

Deno.test("reproduce trains in child processes, and a second time finds all made", async () => {
  await withFolder(async (out) => {
    const args = ["warmup", "--only", "pre-ln_lr0.003_warmup1_", "--steps", "1", "--out", out];
    const plan = await reproduce(...args, "--dry-run");
    assertEquals(plan.out.match(/^to do /gm)?.length, 3);
    const first = await reproduce(...args, "--jobs", "2");
    assertEquals(first.code, 0, first.err);
    assertStringIncludes(first.out, "Made 3 of 3 runs");
    const { manifest, rows } = await readRun(out, "pre-ln_lr0.003_warmup1_seed2");
    assertEquals(
      manifest.command,
      commandLine(
        "deno task reproduce warmup --only pre-ln_lr0.003_warmup1_seed2 --steps 1 --out",
        [
          out,
        ],
      ),
    );
    assertEquals(manifest.settings.seed, 2);
    const zero = await readRun(out, "pre-ln_lr0.003_warmup1_seed0");
    assertNotEquals(rows.at(1), zero.rows.at(1), "seeds differ");
    const second = await reproduce(...args);
    assertEquals([second.code, second.out], [0, "warmup: 3 of 3 runs are made already\n"]);
  });
});

Deno.test("reproduce packs a figure whose runs were all made by a process that ended before it packed them", async () => {
  await withFolder(async (out) => {
    const recorded = `${checkout}/data/runs/tolerance`;
    const runs = runsOf<VariantSettings>(findFigure("tolerance"));
    for (const { name } of runs) {
      await writeRun(out, await readRun(recorded, name), name);
    }
    const args = ["tolerance", "--out", out];
    assertEquals(
      (await reproduce(...args, "--dry-run")).out.match(/^made /gm)?.length,
      runs.length,
    );
    assertEquals(listOf(out).length, 2 * runs.length);
    const { code, err } = await reproduce(...args);
    assertEquals(code, 0, err);
    assertEquals(listOf(out), ["manifests.jsonl", "rows.jsonl"]);
    assertEquals(await readRuns(out), await readRuns(recorded));
  });
});

Deno.test("reproduce refuses runs of other settings, and --force replaces them", async () => {
  await withFolder(async (out) => {
    const args = ["warmup", "--only", "pre-ln_lr0.003_warmup1_seed0", "--out", out];
    await Deno.writeTextFile(`${out}/pre-ln_lr0.003_warmup1_seed0.json`, "{}");
    const { code, err } = await reproduce(...args, "--steps", "1");
    assertEquals(code, 3, err);
    assertStringIncludes(err, "made with other settings, probes or code; --force replaces them");
    assertEquals([...Deno.readDirSync(out)].length, 1);
    const forced = await reproduce(...args, "--steps", "1", "--force");
    assertEquals(forced.code, 0, forced.err);
    assertStringIncludes(forced.out, "Made 1 of 1 runs");
  });
});

/** How many processes have a text in their command lines. */
function processesWith(text: string): number {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => {
    try {
      return /^\d+$/.test(name) && Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(text);
    } catch {
      return false; // it has ended meanwhile
    }
  }).length;
}

for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
  Deno.test({
    name: `reproduce that ${signal} ends takes its children with it, and they write no record`,
    ignore: Deno.build.os !== "linux", // elsewhere processes cannot be counted so
    fn: () =>
      withFolder(async (out) => {
        const args = "warmup --only pre-ln_lr0.003_warmup1_ --steps 1000000 --jobs 2 --out"
          .split(" ");
        const child = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--quiet", `${checkout}/lib/workshop/reproduce.ts`, ...args, out],
          stdin: "null",
          stdout: "null",
          stderr: "null",
        }).spawn();
        const count = async (wanted: number): Promise<void> => {
          while (processesWith(out) !== wanted) await new Promise((done) => setTimeout(done, 50));
        };
        await count(3);
        child.kill(signal);
        await child.status;
        await count(0);
        assertEquals(listOf(out).filter((name) => name !== "unfinished"), []);
      }),
  });
}

Deno.test("runCell() trains through a form, names it in the manifest and keeps the digits asked for", async () => {
  await useBackend("wasm", { threads: 1 });
  const plain = { ...grid, variants: ["pre-ln"], label: "plain" };
  const figure: TrainingFigure = {
    ...tiny,
    grids: [plain, { ...plain, label: "crms", form: "pre-crmsnorm" }],
    probes: [],
    digits: 9,
  };
  await withFolder(async (out) => {
    const made = [];
    for (const run of runsOf(figure).filter(({ name }) => name.endsWith("lr0.01_warmup1_seed0"))) {
      const place = { out, trainer: trainerLike(figure), command: "test", backend: "wasm" };
      await makeRun(run, place);
      made.push(await readRun(out, run.name));
    }
    const [a, b] = made;
    assertEquals([a?.manifest.label, b?.manifest.label], [undefined, "pre-crmsnorm"]);
    for (const [i, row] of a!.rows.entries()) {
      const [loss, through] = [row, b!.rows[i]!].map((one) => Number(one["loss"] ?? one["nats"]));
      assertAlmostEquals(loss!, through!, 1e-5);
    }
    const [, through] = runsOf(figure).filter(({ name }) => name.endsWith("lr0.01_warmup1_seed0"));
    const store = { out, trainer: trainerLike(figure), backend: "wasm" };
    assertEquals(await isMade(through!, store), true);
    assertEquals(await isMade({ ...through!, form: "pre-rmsnorm" }, store), false);
    assert(a!.rows.some(({ nats }) => String(nats).length > 7), "nine digits are kept");
  });
});
