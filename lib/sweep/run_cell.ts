// One cell of a sweep: taken, trained on from its last state, shortened, written. A cell that is written is not trained again.

import { disposeTree } from "../core/tree.ts";
import { commitOf } from "../platform/commit.ts";
import { exists } from "../platform/files.ts";
import { type Row, writeRun } from "../train/record.ts";
import { stepsIn } from "../train/state_file.ts";
import type { Claims } from "./claims.ts";
import { clearFailure } from "./failures.ts";
import { madeRuns, type RunStore } from "./made.ts";
import { evaluationAt, removeStates, statesOf } from "./states.ts";
import type { Cell } from "./trainer.ts";

/** Where a cell goes and what accompanies it. */
export interface CellPlace extends RunStore {
  /** The command that makes this cell alone, for the manifest, where there is one. */
  readonly command?: string;
  /** Whose cells are left alone. */
  readonly claims: Claims;
  /** Ends the run after the step under way; its state is saved. */
  readonly signal?: AbortSignal;
  /** Steps between two states; by default a minute and more lies between them. */
  readonly every?: number;
  /** The step behind whose evaluation the run pauses; it goes to its end by default. */
  readonly until?: number | undefined;
}

/** How far a cell has come: it is written, waits at `until`, was ended by the signal, or another process has it. */
export type CellEnd = "done" | "paused" | "ended" | "busy";

/** Fewer digits are fewer bytes. */
function shortened(row: Row, digits: number): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" && Number.isFinite(value)
        ? Number(value.toPrecision(digits))
        : value,
    ]),
  ) as Row;
}

/** Trains on, and writes the record of a run that has come to its end. */
async function trainOn(cell: Cell, place: CellPlace): Promise<CellEnd> {
  const { out, trainer, command, signal, every, until = Infinity } = place;
  const commit = await commitOf();
  const pause = new AbortController();
  const { parameters, record } = await trainer.train(cell, {
    ...(command === undefined ? {} : { command }),
    ...(commit === undefined ? {} : { commit }),
    signal: AbortSignal.any([pause.signal, ...signal === undefined ? [] : [signal]]),
    state: { folder: statesOf(out, cell.name), ...(every === undefined ? {} : { every }) },
    onRow: ({ kind, step }) => {
      if (kind === "evaluation" && step >= until) pause.abort();
    },
  });
  disposeTree(parameters);
  const { stopped } = record.manifest;
  if (stopped?.reason === "aborted") return signal?.aborted === true ? "ended" : "paused";
  if (stopped?.reason === "out-of-memory") throw new Error(stopped.message);
  const rows = record.rows.map((row) => shortened(row, trainer.digits));
  await writeRun(out, { manifest: record.manifest, rows }, cell.name);
  return "done";
}

/** Trains a cell that this process has, unless it is where it is to go already. */
async function goOn(cell: Cell, place: CellPlace): Promise<CellEnd> {
  const { out, until } = place;
  const { name } = cell;
  if (until !== undefined && await evaluationAt(out, name, until) !== undefined) return "paused";
  await clearFailure(out, name);
  return await trainOn(cell, place);
}

/**
 * Trains a cell, from its last state where there is one, and writes its rows, shortened, and its manifest.
 *
 * @param cell The cell.
 * @param place Where it goes and what accompanies it.
 * @returns How far it has come.
 * @throws {Error} If the memory was full; the state is saved then.
 * @throws {StateError} If what is under way under its name is damaged, or of another run.
 */
export async function runCell(cell: Cell, place: CellPlace): Promise<CellEnd> {
  const { out, claims } = place;
  const states = statesOf(out, cell.name);
  const isMade = async (): Promise<boolean> => (await madeRuns([cell], place)).has(cell);
  if (await isMade() && !await exists(states)) return "done";
  await using claim = await claims.take(states);
  if (claim === undefined) return await isMade() ? "done" : "busy";
  const end = await isMade() ? "done" : await goOn(cell, place); // another process may have made it meanwhile
  const isEmpty = (await stepsIn(states)).length === 0;
  if (end === "done" || isEmpty) await removeStates(out, cell.name); // before another process may take it
  return end;
}
