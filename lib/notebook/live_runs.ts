// Runs that train in another process, or on another machine, as a chart that grows in a notebook.

import { inAnotherTurn, rest, untilCut } from "../backend/interrupt.ts";
import { requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { ArmRow } from "../plots/arm_curves.ts";
import type { Figure } from "../plots/figure.ts";
import { mostArms } from "../plots/palette.ts";
import { type SeenRun, WatchedRuns } from "../train/watched_runs.ts";
import { live } from "./live.ts";

/** How runs are shown. */
export interface LiveRunsOptions {
  /** Draws what is known of them; their training losses by default. */
  readonly draw?: (runs: readonly SeenRun[]) => Figure;
  /** Milliseconds between two looks; 1000 by default. */
  readonly pause?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

const optionKinds: OptionKinds<LiveRunsOptions> = {
  draw: "function?",
  pause: "number?",
  signal: "signal?",
};

/** The most points of a line: more are not seen. */
const mostPoints = 400;

/** The training losses of a run, as many as are seen, the last among them. */
function lossesOf({ name, rows }: SeenRun): ArmRow[] {
  const losses = rows.filter(({ kind }) => kind === "step");
  const every = Math.ceil(losses.length / mostPoints);
  return losses.filter((_, at) => (losses.length - 1 - at) % every === 0)
    .map(({ step, loss }) => ({ arm: name, step, value: Number(loss) }));
}

function titleOf(runs: readonly SeenRun[]): string {
  const [{ name, rows, length, isDone }] = runs as [SeenRun];
  if (runs.length === 1) {
    const at = `${name}: step ${rows.at(-1)?.step ?? 0}`;
    return isDone ? `${at}, done` : `${at} of ${length?.steps}`;
  }
  const going = runs.filter((run) => !run.isDone).length;
  return going === 0 ? `${runs.length} runs, done` : `${runs.length} runs, ${going} under way`;
}

/** Whether there is something to draw. */
const hasLoss = (run: SeenRun): boolean =>
  lossesOf(run).some(({ value }) => Number.isFinite(value));

/**
 * Loads what draws the training losses of runs; of many, those that are under way, and then the first of the others.
 *
 * @returns Draws a chart of runs, one of which has a loss.
 */
export async function lossDrawer(): Promise<(runs: readonly SeenRun[]) => Figure> {
  const { armCurves } = await import("../plots/arm_curves.ts");
  const words = { quantity: "Training loss (nats)", scale: "linear" } as const;
  return (runs) => {
    const shown = runs.filter(hasLoss).toSorted((a, b) => Number(a.isDone) - Number(b.isDone))
      .slice(0, mostArms);
    const left = runs.length - shown.length;
    const title = `${titleOf(runs)}${left === 0 ? "" : `; ${shown.length} of them here`}`;
    return armCurves(shown.flatMap(lossesOf), { title, ...words });
  };
}

/** Whether runs have come further. */
function isOther(before: readonly SeenRun[], now: readonly SeenRun[]): boolean {
  return now.some(({ rows, isDone }, at) =>
    rows.at(-1) !== before[at]?.rows.at(-1) || isDone !== before[at]?.isDone
  );
}

/**
 * Shows runs as a chart that grows until none of them is under way, from their files alone: they may train in another process, or on
 * another machine that shares the disk. An interrupt of the cell ends the chart, and no training. Outside of a notebook's kernel
 * nothing is drawn, and it waits for the runs.
 *
 * ```ts ignore
 * import { liveRuns } from "@normkit/normkit/notebook";
 *
 * const runs = await liveRuns(".normkit/runs");
 * ```
 *
 * @param path A run, such as `.normkit/runs/pre-ln`, or a folder of runs; those that begin meanwhile are shown as well.
 * @param options What is drawn, how often the runs are looked at, and what ends it.
 * @returns The runs as they are at the end.
 * @throws {RangeError} If there is no such run, or none any more.
 * @throws {InterruptedError} If the notebook's kernel that it runs in is interrupted.
 */
export async function liveRuns(
  path: string,
  options: LiveRunsOptions = {},
): Promise<readonly SeenRun[]> {
  requireOptions("liveRuns()", options, optionKinds);
  const { draw = await lossDrawer(), signal } = options;
  const pause = requireNumber("pause", options.pause ?? 1000, { min: 0 });
  const watched = new WatchedRuns([path]);
  const show = async (): Promise<readonly SeenRun[]> => {
    let runs: readonly SeenRun[] = [];
    const chart = live(() => draw(runs));
    try {
      for (;;) {
        const look = await inAnotherTurn(watched.look());
        const isNew = isOther(runs, look.runs);
        runs = look.runs;
        if (isNew && runs.some(hasLoss)) chart.update();
        if (!look.isGoing || signal?.aborted === true) return runs;
        await rest(pause);
      }
    } finally {
      await inAnotherTurn(chart.end());
    }
  };
  return await untilCut(show, () => `The view of ${path} was interrupted`);
}
