// `deno task reproduce FIGURE`: makes the recorded runs of a figure again, as a sweep. It can be interrupted at any time: what is made
// stays, and the same command goes on from there.

import { useBackend } from "../kernels/use_backend.ts";
import { prepareFolder } from "../platform/files.ts";
import { checkout } from "./checkout.ts";
import {
  type Arguments,
  type Command,
  countOption,
  flag,
  type Outcome,
  stringOptions,
  textOption,
  understood,
  UsageError,
} from "../cli/command.ts";
import { startProgress } from "../cli/progress.ts";
import { exitCodes } from "../cli/run.ts";
import { commandLine } from "../cli/shell.ts";
import { linesOfInput, startWorker } from "../cli/sweep_workers.ts";
import { Claims } from "../sweep/claims.ts";
import { madeRuns, packFinished, type RunStore, takenNames, usualBackend } from "../sweep/made.ts";
import { runOrders } from "../sweep/queue.ts";
import { runCell } from "../sweep/run_cell.ts";
import { serve } from "../sweep/serve.ts";
import { removeLeftovers, removeStates } from "../sweep/states.ts";
import type { Cell, VariantSettings } from "../sweep/trainer.ts";
import { type Figure, runsOf } from "./figures/figure.ts";
import { type AnyFigure, figures, findFigure, trainerOf } from "./figures/registry.ts";
import { runTask } from "./task.ts";

/** The list of figures. */
function overview(): string {
  const lines = figures.map((figure: Figure) =>
    `  ${figure.id.padEnd(12)} ${figure.title}; ${runsOf(figure).length} runs, ${figure.notebook}`
  );
  return `Usage: deno task reproduce FIGURE [options]\n\nFigures:\n${lines.join("\n")}`;
}

/** The runs that are meant: one of that name, or those whose names hold the text. */
function chosen(
  figure: Figure,
  runs: readonly Cell[],
  only: string | undefined,
): readonly Cell[] {
  if (only === undefined) return runs;
  const exact = runs.filter(({ name }) => name === only);
  const found = exact.length > 0 ? exact : runs.filter(({ name }) => name.includes(only));
  if (found.length === 0) {
    throw new UsageError(
      `Cannot find "${only}" in the runs of ${figure.id}: they are named like ${runs[0]!.name}`,
    );
  }
  return found;
}

/** What is to be done: all runs of a figure, those that are meant, where, and the words that they have in common. */
interface Plan {
  readonly figure: AnyFigure;
  readonly all: readonly Cell[];
  readonly runs: readonly Cell[];
  readonly out: string;
  readonly words: readonly string[];
}

function planOf(args: Arguments): Plan {
  const [id, ...more] = args.words;
  if (id === undefined || more.length > 0) {
    throw new UsageError(`Cannot reproduce ${args.words.join(" ")}: name one figure`);
  }
  const figure = understood(() => findFigure(id));
  const steps = countOption(args, "steps");
  const out = textOption(args, "out");
  if (steps !== undefined && out === undefined) {
    throw new UsageError("Cannot mix tries into data/runs: give --out besides --steps");
  }
  const all = runsOf<VariantSettings>(figure).map((run) =>
    steps === undefined ? run : { ...run, settings: { ...run.settings, steps } }
  );
  const passed = [
    ...(steps === undefined ? [] : ["--steps", String(steps)]),
    ...(out === undefined ? [] : ["--out", out]),
  ];
  return {
    figure,
    all,
    runs: chosen(figure, all, textOption(args, "only")),
    out: out ?? `${checkout}/data/runs/${id}`,
    words: passed,
  };
}

/** A process of {@linkcode makeMissing}: makes the runs that it is told to, with one thread. */
async function makeHere(
  { figure, all, words }: Plan,
  store: RunStore,
  signal: AbortSignal,
): Promise<Outcome> {
  await useBackend(usualBackend, { threads: 1 });
  const parent = new AbortController();
  const both = AbortSignal.any([signal, parent.signal]);
  const claims = new Claims();
  await serve(linesOfInput(() => parent.abort()), console.log, async ({ name }) => {
    const own = [figure.id, "--only", name, ...words];
    const command = commandLine("deno task reproduce", own);
    const run = all.find((one) => one.name === name)!;
    return await runCell(run, { ...store, command, claims, signal: both });
  });
  return { report: {} };
}

/** Refuses to replace runs of the same names that are others, unless that is asked for. */
async function requireFree(args: Arguments, { out }: Plan, missing: readonly Cell[]) {
  if (flag(args, "force")) return;
  const taken = await takenNames(missing, out);
  if (taken.length === 0) return;
  throw new RangeError(
    `Cannot make ${taken.length} of the runs in ${out}: there are others of their names, such as ` +
      `${taken[0]}, made with other settings, probes or code; --force replaces them`,
  );
}

/** Makes the runs that are missing; the result is how many were made. */
async function makeMissing(
  args: Arguments,
  { figure, out, words }: Plan,
  missing: readonly Cell[],
  signal: AbortSignal,
): Promise<number> {
  const bar = startProgress(figure.id, missing.length, "runs");
  let done = 0;
  try {
    const failed = await runOrders(missing, {
      ...{ out, signal, retries: 2 },
      workers: countOption(args, "jobs") ?? navigator.hardwareConcurrency,
      start: () => startWorker(import.meta.url, [figure.id, ...words, "--child"]),
      onEnd: (name) => bar.update(++done, name),
    });
    for (const [name, message] of failed) console.error(`\n  ${name} failed: ${message}`);
  } finally {
    bar.stop();
  }
  return done;
}

async function reproduce(args: Arguments, signal: AbortSignal): Promise<Outcome> {
  const plan = planOf(args);
  countOption(args, "jobs"); // told before anything runs
  const { out } = plan;
  const store: RunStore = { out, trainer: await trainerOf(plan.figure) };
  if (flag(args, "child")) return await makeHere(plan, store, signal);
  const made = await madeRuns(plan.runs, store);
  if (!flag(args, "dry-run")) await removeLeftovers(out, made);
  const missing = plan.runs.filter((run) => !made.has(run));
  if (flag(args, "dry-run")) {
    const lines = plan.runs.map((run) => `${made.has(run) ? "made" : "to do"}  ${run.name}`);
    return { report: { out }, text: lines.join("\n") };
  }
  await requireFree(args, plan, missing);
  const pack = (): Promise<boolean> => packFinished(plan.all, store);
  const total = plan.runs.length;
  console.log(`${plan.figure.id}: ${total - missing.length} of ${total} runs are made already`);
  if (missing.length === 0) {
    await pack(); // an earlier process may have ended before
    return { report: { out } };
  }
  await using _out = await prepareFolder(out);
  if (flag(args, "force")) { for (const { name } of missing) await removeStates(out, name); }
  const done = await makeMissing(args, plan, missing, signal);
  const packed = await pack();
  return {
    code: done === missing.length ? 0 : exitCodes.failed,
    report: { out },
    text: `Made ${done} of ${missing.length} runs in ${out}${
      packed ? ", and packed the figure" : ""
    }`,
  };
}

/** `deno task reproduce`: its help, its options, and the run. */
export const reproduceCommand: Command = {
  summary: "makes recorded runs again",
  help: `Usage: deno task reproduce FIGURE [options]

Trains the runs of a figure that are not there yet and writes OUT/RUN.jsonl (rows) and OUT/RUN.json (manifest). When all runs
of the figure are there they are packed, as OUT/rows.jsonl and OUT/manifests.jsonl. A run is skipped whose manifest has the hash of
all that determines it: settings, text, probes, and the code of the figure's own variants. Without a figure: lists them. Ctrl-C
saves what is under way in OUT/unfinished, and the same command goes on with it.

  --jobs N      processes at a time, one thread each; one for each core by default
  --only TEXT   only runs whose name holds TEXT, or is TEXT
  --dry-run     say what would be made
  --out DIR     where to write; data/runs/FIGURE by default
  --steps N     other steps than the figure's, for a try; needs --out
  --force       replace runs of the same names that were made with other settings, probes or code

Examples:
  deno task reproduce warmup
  deno task reproduce warmup --only pre-ln --dry-run
  deno task reproduce warmup --only seed0 --steps 50 --out .normkit/try`,
  options: {
    ...stringOptions("jobs only out steps"),
    "dry-run": { type: "boolean" },
    force: { type: "boolean" },
    child: { type: "boolean" }, // a process of makeMissing(), which ends it
  },
  stopsInOrder: true,
  run: async (args, signal) => {
    if (args.words.length > 0) return await reproduce(args, signal);
    const given = Object.keys(args.values)[0];
    if (given !== undefined) {
      throw new UsageError(`Cannot use --${given} without a figure: name one`);
    }
    return { report: { figures: figures.map(({ id }) => id) }, text: overview() };
  },
};

/**
 * Runs the command.
 *
 * @param words The words after `reproduce`.
 * @returns The exit code.
 */
export function main(words: readonly string[]): Promise<number> {
  return runTask("reproduce", reproduceCommand, words);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
