// `deno task reproduce FIGURE`: makes the recorded runs of a figure again. It can be interrupted at any time: what is made stays,
// and the same command goes on from there.

import { useBackend } from "../kernels/use_backend.ts";
import { prepareFolder } from "../platform/files.ts";
import { checkout } from "./checkout.ts";
import {
  type Arguments,
  type Command,
  flag,
  numberOption,
  type Outcome,
  stringOptions,
  textOption,
  understood,
  UsageError,
} from "../cli/command.ts";
import { makeInChildren } from "./figures/child_processes.ts";
import { type Figure, type FigureRun, runsOf, type VariantSettings } from "./figures/figure.ts";
import { type AnyFigure, figures, findFigure, trainerOf } from "./figures/registry.ts";
import {
  figureBackend,
  madeRuns,
  packFinished,
  type RunStore,
  takenNames,
} from "./figures/made.ts";
import { makeRun } from "./figures/run.ts";
import { startProgress } from "../cli/progress.ts";
import { exitCodes } from "../cli/run.ts";
import { runTask } from "./task.ts";
import { commandLine } from "../cli/shell.ts";

/** The list of figures. */
function overview(): string {
  const lines = figures.map((figure: Figure) =>
    `  ${figure.id.padEnd(12)} ${figure.title}; ${runsOf(figure).length} runs, ${figure.notebook}`
  );
  return `Usage: deno task reproduce FIGURE [options]\n\nFigures:\n${lines.join("\n")}`;
}

/** A number of processes or steps, where it is given. */
function countOption(args: Arguments, name: string): number | undefined {
  const value = numberOption(args, name);
  if (value === undefined || (Number.isInteger(value) && value > 0)) return value;
  throw new UsageError(`Cannot use --${name} ${value}: it must be a whole number from 1 on`);
}

/** The runs that are meant: one of that name, or those whose names hold the text. */
function chosen(
  figure: Figure,
  runs: readonly FigureRun[],
  only: string | undefined,
): readonly FigureRun[] {
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

/** What is to be done: all runs of a figure, those that are meant, where, and the words that make one of them. */
interface Plan {
  readonly figure: AnyFigure;
  readonly all: readonly FigureRun[];
  readonly runs: readonly FigureRun[];
  readonly out: string;
  readonly argsOf: (name: string) => readonly string[];
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
    argsOf: (name) => [id, "--only", name, ...passed],
  };
}

/** Makes runs one after the other in this process, with one thread. */
async function makeHere(
  { argsOf }: Plan,
  store: RunStore,
  runs: readonly FigureRun[],
  signal: AbortSignal,
  onDone: (name: string) => void,
): Promise<void> {
  await useBackend(figureBackend, { threads: 1 });
  for (const run of runs) {
    if (signal.aborted) return;
    const command = commandLine("deno task reproduce", argsOf(run.name));
    await makeRun(run, { ...store, command, signal });
    if (!signal.aborted) onDone(run.name);
  }
}

/** Ends when the process that started this one does: its end of our stdin closes, however it ended. */
async function endOfParent(): Promise<void> {
  const buffer = new Uint8Array(64);
  while (await Deno.stdin.read(buffer).catch(() => null) !== null);
}

/** The signal, and in a child the end of its parent besides. */
function withParent(args: Arguments, signal: AbortSignal): AbortSignal {
  if (!flag(args, "child")) return signal;
  const parent = new AbortController();
  endOfParent().then(() => parent.abort());
  return AbortSignal.any([signal, parent.signal]);
}

/** Refuses to replace runs of the same names that are others, unless that is asked for. */
async function requireFree(args: Arguments, { out }: Plan, missing: readonly FigureRun[]) {
  if (flag(args, "force") || flag(args, "child")) return;
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
  plan: Plan,
  store: RunStore,
  missing: readonly FigureRun[],
  signal: AbortSignal,
): Promise<number> {
  const jobs = Math.min(countOption(args, "jobs") ?? navigator.hardwareConcurrency, missing.length);
  const bar = startProgress(plan.figure.id, missing.length, "runs");
  let done = 0;
  const onDone = (name: string): void => bar.update(++done, name);
  try {
    if (jobs === 1) await makeHere(plan, store, missing, signal, onDone);
    else {
      const names = missing.map(({ name }) => name);
      await makeInChildren({ names, jobs, argsOf: plan.argsOf, signal, onDone });
    }
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
  const made = await madeRuns(plan.runs, store);
  const missing = plan.runs.filter((run) => !made.has(run));
  if (flag(args, "dry-run")) {
    const lines = plan.runs.map((run) => `${made.has(run) ? "made" : "to do"}  ${run.name}`);
    return { report: { out }, text: lines.join("\n") };
  }
  await requireFree(args, plan, missing);
  const pack = async (): Promise<boolean> =>
    !flag(args, "child") && await packFinished(plan.all, store);
  const total = plan.runs.length;
  console.log(`${plan.figure.id}: ${total - missing.length} of ${total} runs are made already`);
  if (missing.length === 0) {
    await pack(); // an earlier process may have ended before
    return { report: { out } };
  }
  await using _out = await prepareFolder(out);
  const done = await makeMissing(args, plan, store, missing, withParent(args, signal));
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
ends the runs under way, which are not written.

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
    child: { type: "boolean" }, // a process of makeInChildren(): its parent has asked, and it ends with it
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
