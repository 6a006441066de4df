// A sweep of eight cells of some milliseconds, and a place for its runs.

import { Claims } from "../../../lib/sweep/claims.ts";
import type { SweepFile } from "../../../lib/sweep/file.ts";
import type { CellPlace } from "../../../lib/sweep/run_cell.ts";
import { readRuns, type Row } from "../../../lib/train/mod.ts";
import type { Sweep } from "../../../lib/sweep/sweep.ts";
import type { Trainer } from "../../../lib/sweep/trainer.ts";

/** Two variants at two rates with two seeds. */
export const tinySweep: SweepFile = {
  settings: {
    model: { context: 8, width: 8, depth: 1, heads: 2, bias: false },
    schedule: { kind: "constant", peak: 1 },
    steps: 8,
    rows: 2,
    reportEvery: 2,
    evaluateEvery: 2,
    evaluationBatches: 1,
  },
  backend: "cpu",
  grid: { "model.residual": ["post-ln", "pre-ln"], "schedule.peak": [0.001, 0.01] },
  seeds: 2,
  nuisance: ["schedule.peak"],
};

/**
 * Where the cells of a sweep go.
 *
 * @param sweep The sweep.
 * @param out The folder.
 * @returns The place, with claims of its own.
 */
export const placeOf = ({ trainer }: Sweep, out: string): CellPlace => ({
  out,
  trainer,
  backend: "cpu",
  command: "test",
  claims: new Claims(),
});

/**
 * A trainer that also tells somebody else of its rows.
 *
 * @param trainer The trainer.
 * @param onRow Is told of each row.
 * @returns The same, but for that.
 */
export function watched(trainer: Trainer, onRow: (row: Row) => void): Trainer {
  return {
    ...trainer,
    train: (cell, options) =>
      trainer.train(cell, {
        ...options,
        onRow: (row) => {
          options.onRow?.(row);
          onRow(row);
        },
      }),
  };
}

/**
 * What does not depend on when and by whom a folder's runs were made.
 *
 * @param out The folder.
 * @returns Rows and manifests, without times and the commit, which changes where a checkout is worked in.
 */
export async function recordsIn(out: string): Promise<unknown[]> {
  return (await readRuns(out)).map(({ rows, manifest }) => {
    const { started: _, wallSeconds: _wall, commit: _commit, ...same } = manifest;
    return { rows, manifest: same };
  });
}
