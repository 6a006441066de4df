// `normkit sweep`: many trainings from one file.

import { Claims } from "../sweep/claims.ts";
import { cellStates, resultsOf } from "../sweep/results.ts";
import { readSweep } from "../sweep/sweep.ts";
import {
  type Arguments,
  type Command,
  type Outcome,
  stringOptions,
  textOption,
  UsageError,
} from "./command.ts";
import { cellsHere, runHere, type SweepPlace } from "./sweep_run.ts";

/** What can be done with a sweep, each by a word. */
const actions: Readonly<
  Record<string, (place: SweepPlace, args: Arguments, signal: AbortSignal) => Promise<Outcome>>
> = {
  run: runHere,
  cell: (place, args, signal) => cellsHere(place, args.words.slice(2), args, signal),
  status,
};

/** How many cells are how far. */
async function status({ sweep, out }: SweepPlace): Promise<Outcome> {
  const results = await resultsOf(sweep, out, new Claims());
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

/** Where the runs of a sweep go: beside its file, unless that is said. */
const folderOf = (args: Arguments, path: string): string =>
  textOption(args, "out") ??
    (path.endsWith(".json") ? path.slice(0, -".json".length) : `${path}.runs`);

/** `normkit sweep`: its help, its options, and what it does. */
export const sweepCommand: Command = {
  summary: "many trainings from one file, on every core or on a cluster",
  help: `Usage: normkit sweep ACTION FILE [options]

A sweep is a JSON file: settings that all cells share, what is swept (grid, random), and seeds. A cell is a training; its name is the hash
of all that determines it, so that a cell that is there is never trained again, whatever else is changed in the file.

  run FILE             train the cells that are not there yet, by a process for each core; what was under way goes on, bit for bit
  status FILE          how many cells are how far
  cell FILE ID …       train some cells in this process, as engines of clusters call it

  --out DIR            where the runs are; beside the file by default, under its name without .json
  --workers N          processes at a time, one thread each; one for each core by default
  --retries N          how often a cell that fails is tried again (2)
  --save-every N       steps between two states of a cell (by default one takes less than 1 % of the time)
  --pack               once all cells are done, keep them in two files
  --json               one JSON object at the end, no bar

Several processes may run one sweep, on several machines too that share the disk. Ctrl-C and SIGTERM save what is under way (exit codes 0
and 143), and the same command goes on with it; a killed process loses the steps since the last state.

Examples:
  normkit sweep run data/studies/phase-map.json
  normkit sweep status data/studies/phase-map.json --json`,
  options: {
    ...stringOptions("out workers retries save-every"),
    pack: { type: "boolean" },
    worker: { type: "boolean" }, // a process of `run`, which orders cells through its pipe and ends it
    json: { type: "boolean" },
  },
  stopsInOrder: true,
  run: async (args, signal) => {
    const [word = "", path, ...more] = args.words;
    const known = Object.keys(actions);
    const act = Object.hasOwn(actions, word) ? actions[word] : undefined;
    if (act === undefined) {
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
    return await act({ sweep: await readSweep(path), out: folderOf(args, path) }, args, signal);
  },
};
