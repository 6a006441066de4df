// How far the cells of a sweep are, and what they measured: read from files alone, while others train.

import { exists } from "../platform/files.ts";
import { runsByName } from "../train/read_runs.ts";
import type { Row, RunRecord } from "../train/record.ts";
import { stepsIn } from "../train/state_file.ts";
import { Claims } from "./claims.ts";
import { failureOf } from "./failures.ts";
import { type SweepFile, usualMeasure } from "./file.ts";
import { statesOf } from "./states.ts";
import type { Sweep, SweepCell } from "./sweep.ts";

/** How far a cell is; one that has diverged has come to its end as well. */
export type CellState = "done" | "diverged" | "running" | "failed" | "waiting" | "to do";

/** All states, in the order in which they are told. */
export const cellStates: readonly CellState[] = [
  "done",
  "diverged",
  "running",
  "waiting",
  "failed",
  "to do",
];

/** A cell, and what is known of it. */
export interface CellResult {
  /** Which one it is. */
  readonly cell: SweepCell;
  /** How far it is. */
  readonly state: CellState;
  /** The last step that is known of: of its record, or of its last state. */
  readonly step: number;
  /** What the sweep measures, where the cell is done; NaN where it has diverged. */
  readonly measured?: number;
  /** Why it failed, or diverged. */
  readonly message?: string;
}

/**
 * What a sweep measures in the last evaluation of some rows.
 *
 * @param rows The rows.
 * @param file The sweep.
 * @returns The number; NaN where there is no evaluation.
 */
export function measureIn(rows: readonly Row[], { measure = usualMeasure }: SweepFile): number {
  return Number(rows.findLast(({ kind }) => kind === "evaluation")?.[measure]);
}

function ofRecord(cell: SweepCell, { manifest, rows }: RunRecord, file: SweepFile): CellResult {
  const { stopped, settings } = manifest;
  if (stopped !== undefined) {
    const { step, message } = stopped;
    return { cell, state: "diverged", step, measured: NaN, message };
  }
  return { cell, state: "done", step: settings.steps, measured: measureIn(rows, file) };
}

async function ofStates(cell: SweepCell, out: string, claims: Claims): Promise<CellResult> {
  const states = statesOf(out, cell.name);
  if (!await exists(states)) return { cell, state: "to do", step: 0 };
  const step = (await stepsIn(states)).at(-1) ?? 0;
  if (await claims.isTaken(states)) return { cell, state: "running", step };
  const message = await failureOf(out, cell.name);
  if (message !== undefined) return { cell, state: "failed", step, message };
  return { cell, state: step === 0 ? "to do" : "waiting", step };
}

/**
 * How far the cells of a sweep are.
 *
 * @param sweep The sweep.
 * @param out The folder of its runs.
 * @returns Its cells in their order, with what is known of them.
 */
export async function resultsOf(
  { file, cells }: Sweep,
  out: string,
): Promise<CellResult[]> {
  const claims = new Claims();
  const names = new Set(cells.map(({ name }) => name));
  const records = await exists(out)
    ? await runsByName(out, (name) => names.has(name))
    : new Map<string, RunRecord>();
  const results: CellResult[] = [];
  for (const cell of cells) {
    const record = records.get(cell.name);
    const isMade = record?.manifest.determines === cell.determines;
    results.push(isMade ? ofRecord(cell, record!, file) : await ofStates(cell, out, claims));
  }
  return results;
}
