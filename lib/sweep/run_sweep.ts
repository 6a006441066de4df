// A sweep run by workers: all cells to their end, or, where it halves, from rung to rung those that are promising.

import { readRun } from "../train/read_runs.ts";
import { armsOf } from "./arms.ts";
import { madeRuns, usualBackend } from "./made.ts";
import { type QueueOptions, runOrders } from "./queue.ts";
import { measureIn } from "./results.ts";
import { evaluationAt, removeLeftovers } from "./states.ts";
import type { Sweep, SweepCell } from "./sweep.ts";

/** What a sweep measured at a step: in its record, or in what is under way. */
async function measuredAt(
  { file, trainer }: Sweep,
  out: string,
  cell: SweepCell,
  step: number,
): Promise<number> {
  const row = await evaluationAt(out, cell.name, step);
  if (row !== undefined) return Number(measureIn([row], file).toPrecision(trainer.digits)); // as records have it
  const { rows, manifest } = await readRun(out, cell.name);
  if (manifest.stopped !== undefined) return NaN;
  return measureIn(rows.filter((one) => one.step === step), file);
}

/** Those of some cells that go on after a rung: of each group one arm of so many, and all seeds of it. */
async function promoted(
  sweep: Sweep,
  out: string,
  cells: readonly SweepCell[],
  step: number,
): Promise<readonly SweepCell[]> {
  const { factor = 2 } = sweep.file.halving!;
  const measured = [];
  for (const cell of cells) {
    measured.push({ cell, measured: await measuredAt(sweep, out, cell, step) });
  }
  return armsOf(measured, sweep.file).flatMap((arms) =>
    arms.slice(0, Math.ceil(arms.length / factor)).flatMap((arm) => arm.cells)
  );
}

/** What became of the cells of a sweep that were trained. */
export interface SweepEnd {
  /** Those that failed, each with the reason of its last failure. */
  readonly failed: ReadonlyMap<string, string>;
  /** How many do not go to their end, as others were better (successive halving). */
  readonly dropped: number;
}

/**
 * Runs a sweep: what is done stays, what is under way goes on.
 *
 * @param sweep The sweep.
 * @param options Its workers.
 * @returns The cells that failed, each with the reason; and those that do not go to their end, as others were better.
 * @throws {Error} If a worker cannot be started.
 */
export async function runSweep(
  sweep: Sweep,
  options: QueueOptions,
): Promise<SweepEnd> {
  const { out, signal } = options;
  const store = { out, trainer: sweep.trainer, backend: sweep.file.backend ?? usualBackend };
  let cells = sweep.cells;
  const run = async (until?: number): Promise<ReadonlyMap<string, string>> => {
    const made = await madeRuns(cells, store);
    await removeLeftovers(out, made);
    const left = cells.filter((cell) => !made.has(cell));
    return await runOrders(left.map(({ name }) => ({ name, until })), options);
  };
  for (const step of sweep.file.halving?.steps ?? []) {
    const failed = await run(step);
    if (failed.size > 0 || signal.aborted) return { failed, dropped: 0 };
    cells = await promoted(sweep, out, cells, step);
  }
  return { failed: await run(), dropped: sweep.cells.length - cells.length };
}
