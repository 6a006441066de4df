// A sweep of eight cells of some milliseconds, and a place for its runs.

import { Claims } from "../../../lib/sweep/claims.ts";
import type { SweepFile } from "../../../lib/sweep/file.ts";
import type { CellPlace } from "../../../lib/sweep/run_cell.ts";
import type { Sweep } from "../../../lib/sweep/sweep.ts";

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
