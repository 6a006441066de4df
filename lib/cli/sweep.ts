// `normkit sweep`: many trainings from one file.

import type { BackendName } from "../backend/backend.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { exists } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { madeRuns, usualBackend } from "../sweep/made.ts";
import { usualMeasure } from "../sweep/file.ts";
import { planOf } from "../sweep/plan.ts";
import { cellStates, resultsOf } from "../sweep/results.ts";
import { readSweep } from "../sweep/sweep.ts";
import { tableOf, tableText } from "../sweep/table.ts";
import {
  type Arguments,
  type Command,
  type Outcome,
  stringOptions,
  textOption,
  UsageError,
} from "./command.ts";
import { cellsHere, runHere, type SweepPlace } from "./sweep_run.ts";
import { workflowOf } from "./sweep_workflow.ts";

/** Something that is done with a sweep. */
interface Action {
  /** The options that it follows besides `--out` and `--json`. */
  readonly options: readonly string[];
  /** Does it. */
  act(place: SweepPlace, args: Arguments, signal: AbortSignal): Promise<Outcome>;
}

/** What can be done with a sweep, each by a word. */
const actions: Readonly<Record<string, Action>> = {
  run: { options: ["workers", "retries", "save-every", "pack"], act: runHere },
  status: { options: [], act: status },
  table: { options: [], act: table },
  plot: { options: ["x", "y", "figure"], act: plot },
  plan: { options: [], act: plan },
  workflow: { options: ["jobs"], act: workflowOf },
  cell: {
    options: ["save-every", "worker"],
    act: (place, args, signal) => cellsHere(place, args.words.slice(2), args, signal),
  },
};

/** Requires that an action follows all options that are given. */
function requireOptionsOf(word: string, { options }: Action, { values }: Arguments): void {
  const known = ["out", "json", ...options];
  const stranger = Object.keys(values).find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new UsageError(
    `Cannot use --${stranger} with sweep ${word}: it takes --${known.join(", --")}`,
  );
}

/** How many cells are how far. */
async function status({ sweep, out }: SweepPlace): Promise<Outcome> {
  const results = await resultsOf(sweep, out);
  const counts = Object.fromEntries(
    cellStates.map((state) => [state, results.filter((one) => one.state === state).length]),
  );
  const told = results.filter(({ state }) => state === "failed");
  const lines = [
    `${out}: ${results.length} cells`,
    ...Object.entries(counts).filter(([, count]) => count > 0)
      .map(([state, count]) => `  ${String(count).padStart(6)} ${state}`),
    ...told.map(({ cell, message }) => `  ${cell.name} failed: ${message}`),
  ];
  const failed = Object.fromEntries(told.map(({ cell, message }) => [cell.name, message]));
  return {
    report: { out, cells: results.length, ...counts, failures: failed },
    text: lines.join("\n"),
  };
}

/** What was found, a row for each setting. */
async function table({ sweep, out }: SweepPlace): Promise<Outcome> {
  const rows = tableOf(await resultsOf(sweep, out), sweep.file);
  return {
    report: { out, measure: sweep.file.measure ?? usualMeasure, rows },
    text: tableText(rows, sweep.file),
  };
}

/** What it will cost, on one core. */
async function plan({ sweep, out }: SweepPlace): Promise<Outcome> {
  const { cells, trainer, file: { backend = usualBackend, halving } } = sweep;
  const made = await madeRuns(cells, { out, trainer, backend });
  const left = cells.filter((cell) => !made.has(cell));
  await useBackend(backend as BackendName, { threads: 1 });
  const found = await planOf(left, trainer);
  const { all, timed } = found.shapes;
  const text = [
    `${cells.length} cells, ${made.size} of them done`,
    `to train: ${found.tokens.toLocaleString("en")} tokens, ${
      found.coreHours.toPrecision(3)
    } hours of one core`,
    ...(timed < all ? [`timed were ${timed} of ${all} shapes`] : []),
    ...(halving === undefined ? [] : ["at most: cells that others are better than end early"]),
  ];
  return { report: { out, ...found, cells: cells.length, done: made.size }, text: text.join("\n") };
}

/** Draws what was found. */
async function plot({ sweep, out }: SweepPlace, args: Arguments): Promise<Outcome> {
  const results = await resultsOf(sweep, out);
  const { drawSweep } = await import("./sweep_plot.ts"); // charts are loaded by no other command
  const path = textOption(args, "figure") ?? `${out}.svg`;
  await drawSweep(sweep, results, { path, x: textOption(args, "x"), y: textOption(args, "y") });
  return { report: { out, figure: path }, text: `Wrote ${path}` };
}

/** Where the runs of a sweep go: beside its file, unless that is said. */
const folderOf = (args: Arguments, path: string): string =>
  textOption(args, "out") ??
    (path.endsWith(".json") ? path.slice(0, -".json".length) : `${path}.runs`);

/** Requires that no file has the name of the folder of runs, which may be missing. */
async function requireFolder(out: string): Promise<string> {
  if (!await exists(out) || (await platform.stat(out)).isDirectory) return out;
  throw new RangeError(`Cannot use --out ${out}: it must be a folder, and is a file`);
}

/** `normkit sweep`: its help, its options, and what it does. */
export const sweepCommand: Command = {
  summary: "many trainings from one file, on every core or on a cluster",
  help: `Usage: normkit sweep ACTION FILE [options]

A sweep is a JSON file: settings that all cells share, what is swept (grid, random), and seeds. A cell is a training; its name is the hash
of all that determines it, so that a cell that is there is never trained again, whatever else is changed in the file.

  run FILE             train the cells that are not there yet, by a process for each core; what was under way goes on, bit for bit
  status FILE          how many cells are how far
  table FILE           what was found: for each setting the best nuisance parameters, mean and deviation over seeds
  plot FILE            the same as a chart: a phase map over two settings, lines over one
  plan FILE            tokens and hours of one core, from a few steps of each shape
  workflow FILE        a Snakemake workflow and a Slurm job array of the cells, in OUT.workflow
  cell FILE ID …       train some cells in this process, as engines of clusters call it

  --out DIR            where the runs are; beside the file by default, under its name without .json
  --workers N          processes at a time, one thread each; one for each core by default
  --retries N          how often a cell that fails is tried again, by a new process (2)
  --save-every N       steps between two states of a cell (by default one takes less than 1 % of the time)
  --pack               once all cells are done, keep them in two files
  --x KEY --y KEY      what \`plot\` draws from left to right and from bottom to top, such as schedule.warmup
  --figure FILE        where it draws, .svg or .png (OUT.svg)
  --jobs N             jobs of a Slurm array (one a cell, 1000 at most)
  --worker             of \`cell\`: train the cells that come in through the pipe, as \`run\` orders them
  --json               one JSON object at the end, no bar

Several processes may run one sweep, on several machines too that share the disk. Ctrl-C and SIGTERM save what is under way (exit codes 0
and 143), and the same command goes on with it; a killed process loses the steps since the last state.

Examples:
  normkit sweep run data/studies/phase-map.json
  normkit sweep table data/studies/phase-map.json
  normkit sweep plot data/studies/phase-map.json --x schedule.warmup --y schedule.peak
  normkit sweep workflow data/studies/phase-map.json; snakemake -s data/studies/phase-map.workflow/Snakefile --cores 4`,
  options: {
    ...stringOptions("out workers retries save-every x y figure jobs"),
    pack: { type: "boolean" },
    worker: { type: "boolean" }, // a process of `run`, which orders cells through its pipe and ends it
    json: { type: "boolean" },
  },
  stopsInOrder: true,
  run: async (args, signal) => {
    const [word = "", path, ...more] = args.words;
    const known = Object.keys(actions);
    const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
    if (action === undefined) {
      throw new UsageError(
        `Cannot ${word === "" ? "run" : `do "${word}"`} with a sweep: actions are ${
          known.join(", ")
        }`,
      );
    }
    if (path === undefined) {
      throw new UsageError(`Cannot ${word} a sweep without its file: name one`);
    }
    if (more.length > 0 && word !== "cell") {
      throw new UsageError(`Cannot ${word} ${more.join(" ")}: it takes one file`);
    }
    requireOptionsOf(word, action, args);
    const sweep = await readSweep(path);
    return await action.act(
      { sweep, out: await requireFolder(folderOf(args, path)) },
      args,
      signal,
    );
  },
};
