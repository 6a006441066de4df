// A sweep trained by this process, cell by cell, as in a notebook.

import * as tf from "@tensorflow/tfjs";
import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { prepareFolder } from "../platform/files.ts";
import { Claims } from "./claims.ts";
import { usualBackend } from "./made.ts";
import type { Order, Report } from "./queue.ts";
import { runCell } from "./run_cell.ts";
import { runSweep, type SweepEnd } from "./run_sweep.ts";
import type { Sweep } from "./sweep.ts";

/** How the cells of a sweep are trained. */
export interface TrainSweepOptions {
  /** Ends the cell under way after its step, with its state saved, and begins no other. */
  readonly signal?: AbortSignal;
  /** Steps between two states of a cell; by default they take less than a hundredth of the time. */
  readonly every?: number;
  /** How often a cell that fails is tried again; not at all by default. */
  readonly retries?: number;
  /** Is told of each cell that has come to its end. */
  readonly onEnd?: (name: string) => void;
  /** Is told why a cell failed. */
  readonly onFailure?: (name: string, message: string) => void;
}

const optionKinds: OptionKinds<TrainSweepOptions> = {
  signal: "signal?",
  every: "number?",
  retries: "number?",
  onEnd: "function?",
  onFailure: "function?",
};

/** What trains a cell here. */
function trainerHere(
  { cells, trainer, file: { backend = usualBackend } }: Sweep,
  out: string,
  { signal, every }: TrainSweepOptions,
): (order: Order) => Promise<Report> {
  const claims = new Claims();
  const byName = new Map(cells.map((cell) => [cell.name, cell]));
  return async ({ name, until }) => {
    try {
      const end = await runCell(byName.get(name)!, {
        ...{ out, trainer, backend, claims, until },
        ...(signal === undefined ? {} : { signal }),
        ...(every === undefined ? {} : { every }),
      });
      return { end };
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  };
}

/**
 * Trains the cells of a sweep that are not there yet, one after the other in this process. What is under way, of this process or of one
 * that was killed, goes on from its last state, bit for bit on `wasm` and `cpu`. On every core: `normkit sweep run`, at the same time too.
 *
 * @param sweep The sweep. Its backend is in use.
 * @param out The folder of runs.
 * @param options A signal, states, and who is told.
 * @returns The cells that failed, and how many do not go to their end, as others were better.
 * @throws {RangeError} If another backend is in use, or the folder cannot be written into.
 */
export async function trainSweep(
  sweep: Sweep,
  out: string,
  options: TrainSweepOptions = {},
): Promise<SweepEnd> {
  requireOptions("trainSweep()", options, optionKinds);
  const { signal = new AbortController().signal, every = 1, onEnd, onFailure } = options;
  requireInteger("every", every, { min: 1 });
  const retries = requireInteger("retries", options.retries ?? 0, { min: 0 });
  const { backend = usualBackend } = sweep.file;
  if (tf.getBackend() !== backend) {
    throw new RangeError(
      `Cannot train the cells of ${sweep.path} on ${tf.getBackend()}: they are of ${backend}; call useBackend("${backend}") first`,
    );
  }
  await using _out = await prepareFolder(out);
  const run = trainerHere(sweep, out, options);
  return await runSweep(sweep, {
    ...{ out, signal, retries, workers: 1 },
    start: () => Promise.resolve({ run, end: () => Promise.resolve() }),
    ...(onEnd === undefined ? {} : { onEnd }),
    ...(onFailure === undefined ? {} : { onFailure }),
  });
}
