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

  run FILE             train the cells that are not there yet, by a process for each core
  status FILE          how many cells are how far
  cell FILE ID …       train some cells in this process
`,
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
