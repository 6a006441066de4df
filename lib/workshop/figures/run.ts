// One run of a figure: trained, shortened, written.

import { disposeTree } from "../../core/tree.ts";
import { type AnyRunRecord, type Row, writeRun } from "../../train/record.ts";
import { commitOf } from "../../platform/commit.ts";
import type { FigureRun } from "./figure.ts";
import type { Trainer } from "./trainer.ts";

/** Where a run goes and what accompanies it. */
export interface RunPlace {
  /** The folder. */
  readonly out: string;
  /** What trains it. */
  readonly trainer: Trainer;
  /** The command that makes this run alone, for the manifest. */
  readonly command: string;
  /** Ends the run after the step under way. */
  readonly signal?: AbortSignal;
}

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

/**
 * Trains one run of a figure and writes its rows, shortened, and its manifest. A run that is interrupted is not written.
 *
 * @param run The run.
 * @param place Where it goes and what accompanies it.
 * @returns The record, or undefined where the signal came first.
 * @throws {Error} If the memory was full; nothing is written then.
 */
export async function makeRun(
  run: FigureRun,
  { out, trainer, command, signal }: RunPlace,
): Promise<AnyRunRecord | undefined> {
  const commit = await commitOf();
  const { parameters, record } = await trainer.train(run, {
    command,
    ...(commit === undefined ? {} : { commit }),
    ...(signal === undefined ? {} : { signal }),
  });
  disposeTree(parameters);
  const { stopped } = record.manifest;
  if (stopped?.reason === "aborted") return undefined;
  if (stopped?.reason === "out-of-memory") throw new Error(stopped.message);
  const rows = record.rows.map((row) => shortened(row, trainer.digits));
  const short = { manifest: record.manifest, rows };
  await writeRun(out, short, run.name);
  return short;
}
