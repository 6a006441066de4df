// What is under way of a cell: where it lies, what is read of it while it waits, and its end.

import { exists } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { largestRows, readJsonLines } from "../train/packed_runs.ts";
import type { Row } from "../train/record.ts";
import { rowsIn, stepsIn } from "../train/state_file.ts";
import { underWay } from "../train/state_folder.ts";

/**
 * Where a cell has its states.
 *
 * @param out The folder of runs.
 * @param name The cell.
 * @returns The folder.
 */
export const statesOf = (out: string, name: string): string => `${underWay.in(out)}/${name}`;

/**
 * The evaluation that a run which waits has made at a step.
 *
 * @param out The folder of runs.
 * @param name The run.
 * @param step The step.
 * @returns Its row; undefined where it has not come so far.
 */
export async function evaluationAt(
  out: string,
  name: string,
  step: number,
): Promise<Row | undefined> {
  const states = statesOf(out, name);
  if (!await exists(rowsIn(states)) || ((await stepsIn(states)).at(-1) ?? 0) < step) {
    return undefined;
  }
  for await (const line of readJsonLines(rowsIn(states), largestRows)) {
    const row = line as Row;
    if (row.kind === "evaluation" && row.step === step) return row;
  }
  return undefined;
}

/**
 * Removes what a run has besides its record, and the folder of such where it was the last.
 *
 * @param out The folder of runs.
 * @param name The run.
 */
export async function removeStates(out: string, name: string): Promise<void> {
  const states = statesOf(out, name);
  await platform.removeAll(states).catch((error) => {
    if (platform.faultOf(error) !== "absent") throw error;
  });
  await platform.removeEmpty(underWay.in(out)).catch(() => {}); // others are under way
}

/**
 * Removes what is left under way of cells that are written: their processes were killed just before they did.
 *
 * @param out The folder of runs.
 * @param made The cells.
 */
export async function removeLeftovers(
  out: string,
  made: Iterable<{ readonly name: string }>,
): Promise<void> {
  if (!await exists(underWay.in(out))) return;
  const left = new Set<string>();
  for await (const { name } of platform.readDir(underWay.in(out))) left.add(name);
  for (const { name } of made) if (left.has(name)) await removeStates(out, name);
}
