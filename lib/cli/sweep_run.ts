// `normkit sweep run`: every cell of a sweep by workers. `normkit sweep cell`: some cells by this process, as workers and engines call it.

import { useBackend } from "../kernels/use_backend.ts";
import { prepareFolder } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { EndedBySignal } from "../platform/signals.ts";
import { Claims } from "../sweep/claims.ts";
import { madeRuns, packFinished, usualBackend } from "../sweep/made.ts";
import { noteFailure } from "../sweep/failures.ts";
import type { Order } from "../sweep/queue.ts";
import { type CellEnd, runCell } from "../sweep/run_cell.ts";
import { runSweep, type SweepEnd } from "../sweep/run_sweep.ts";
import { serve } from "../sweep/serve.ts";
import type { Sweep, SweepCell } from "../sweep/sweep.ts";
import type { BackendName } from "../backend/backend.ts";
import { type Arguments, countOption, flag, type Outcome, UsageError } from "./command.ts";
import { startProgress } from "./progress.ts";
import { commandLine } from "./shell.ts";
import { callOf, linesOfInput, startWorker } from "./sweep_workers.ts";

/** A sweep and where it goes. */
export interface SweepPlace {
  /** What is trained. */
  readonly sweep: Sweep;
  /** The folder of its runs. */
  readonly out: string;
}

/** The program that this one is, where Deno runs it. */
const program = new URL("./mod.ts", import.meta.url).href;

/**
 * How this command line is called.
 *
 * @returns The program and its first words.
 */
export const ownCall = (): readonly string[] => callOf(program);

/** The code of a process that a signal ended with all that there is saved. */
const codeOf = ({ reason, aborted }: AbortSignal): number =>
  !aborted ? 0 : reason instanceof EndedBySignal ? reason.code : 1;

/** The cell of a name. */
function cellNamed({ path, cells }: Sweep, name: string): SweepCell {
  const cell = cells.find((one) => one.name === name);
  if (cell !== undefined) return cell;
  throw new RangeError(
    `Cannot train the cell ${name}: ${path} has none of this name; its cells are named like ${
      cells[0]!.name
    }`,
  );
}

/**
 * Trains cells in this process, with one thread.
 *
 * @param place The sweep.
 * @param args Options of states.
 * @param signal Ends them after the step under way.
 * @returns What trains a cell.
 */
async function trainerHere(
  { sweep, out }: SweepPlace,
  args: Arguments,
  signal: AbortSignal,
): Promise<(order: Order) => Promise<CellEnd>> {
  const { file: { backend = usualBackend }, path, trainer } = sweep;
  await useBackend(backend as BackendName, { threads: 1 });
  const every = countOption(args, "save-every");
  const claims = new Claims();
  return async ({ name, until }) => {
    const cell = cellNamed(sweep, name);
    const command = commandLine("normkit sweep cell", [path, name]);
    return await runCell(cell, {
      ...{ out, trainer, backend, command, claims, signal, until },
      ...(every === undefined ? {} : { every }),
    });
  };
}

/**
 * `normkit sweep cell`: trains cells one after the other, or as a worker those that are ordered.
 *
 * @param place The sweep.
 * @param names The cells.
 * @param args The options.
 * @param signal Ends them after the step under way.
 * @returns The outcome.
 * @throws {RangeError} If there is no such cell.
 */
export async function cellsHere(
  place: SweepPlace,
  names: readonly string[],
  args: Arguments,
  signal: AbortSignal,
): Promise<Outcome> {
  const { out } = place;
  if (flag(args, "worker")) {
    const parent = new AbortController();
    const both = AbortSignal.any([signal, parent.signal]);
    const run = await trainerHere(place, args, both);
    await serve(linesOfInput(() => parent.abort()), (line) => platform.print(`${line}\n`), run);
    return { report: {} };
  }
  if (names.length === 0) throw new UsageError("Cannot train no cell: name one or more");
  names.forEach((name) => cellNamed(place.sweep, name)); // before the first one is trained
  const run = await trainerHere(place, args, signal);
  const ends: Record<string, CellEnd> = {};
  for (const name of names) {
    if (signal.aborted) break;
    ends[name] = await run({ name }).catch(async (error) => {
      await noteFailure(out, name, error instanceof Error ? error.message : String(error)).catch(
        () => {},
      );
      throw error;
    });
  }
  const left = names.filter((name) => ends[name] !== "done");
  const busy = left.filter((name) => ends[name] === "busy").length;
  const text = left.length === 0
    ? `All ${names.length} are done in ${out}`
    : `${left.length} of ${names.length} are not done${
      busy === 0 ? "" : `; another process has ${busy} of them`
    }`;
  const code = left.length === 0 ? 0 : signal.aborted ? codeOf(signal) : 1;
  return { code, report: { out, cells: ends }, text };
}

/** What `--json` and people are told at the end of a sweep. */
async function outcomeOf(
  { sweep, out }: SweepPlace,
  { failed, dropped }: SweepEnd,
  signal: AbortSignal,
): Promise<Outcome> {
  const { cells, trainer, file: { backend = usualBackend } } = sweep;
  const made = await madeRuns(cells, { out, trainer, backend });
  const parts = [
    `${made.size} of ${cells.length} cells are done in ${out}`,
    dropped === 0 ? "" : `${dropped} stopped early, as others were better`,
    failed.size === 0 ? "" : `${failed.size} failed; the same command tries them again`,
    signal.aborted ? "the same command goes on" : "",
  ];
  return {
    code: failed.size > 0 ? 1 : codeOf(signal),
    report: {
      out,
      cells: cells.length,
      done: made.size,
      dropped,
      failed: Object.fromEntries(failed),
    },
    text: parts.filter((part) => part !== "").join("; "),
  };
}

/**
 * `normkit sweep run`: trains the cells that are not there yet.
 *
 * @param place The sweep.
 * @param args Its options.
 * @param signal Ends the cells under way after their step; their states are saved.
 * @returns The outcome.
 * @throws {RangeError} If the folder cannot be written into.
 */
export async function runHere(
  place: SweepPlace,
  args: Arguments,
  signal: AbortSignal,
): Promise<Outcome> {
  const { sweep, out } = place;
  const { cells, trainer, path, file: { title = "sweep", backend = usualBackend } } = sweep;
  const store = { out, trainer, backend };
  const every = countOption(args, "save-every");
  const words = [
    ...["sweep", "cell", path, "--out", out, "--worker"],
    ...(every === undefined ? [] : ["--save-every", String(every)]),
  ];
  const options = {
    ...{ out, signal, retries: countOption(args, "retries", { min: 0 }) ?? 2 },
    workers: countOption(args, "workers") ?? platform.processors(),
    start: () => startWorker(program, words),
  };
  await using _out = await prepareFolder(out);
  let done = (await madeRuns(cells, store)).size;
  const bar = flag(args, "json") ? undefined : startProgress(title, cells.length, "cells");
  bar?.update(done, "");
  try {
    const ended = await runSweep(sweep, {
      ...options,
      onEnd: (name) => bar?.update(++done, name),
      onFailure: (name, message) => console.error(`\n  ${name} failed: ${message}`),
    });
    if (flag(args, "pack")) await packFinished(cells, store);
    return await outcomeOf(place, ended, signal);
  } finally {
    bar?.stop();
  }
}
