// The folder of a run that is under way: its rows as they are made, and states of it, the last ones and the best. One process at a time
// has it. It is removed once the run is written.

import { jsonText } from "../core/json.ts";
import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import {
  exists,
  openInPlace,
  prepareFolder,
  untilThere,
  writeAtomically,
} from "../platform/files.ts";
import { withoutEnd } from "../platform/path.ts";
import type { OpenFile } from "../platform/platform.ts";
import { randomName } from "../platform/random_name.ts";
import { unwritable } from "../platform/system_error.ts";
import { readTextFile } from "../platform/text_file.ts";
import { RowLog } from "./row_log.ts";
import type { StateTensors, TrainingState } from "./state.ts";
import type { Amount } from "./subject.ts";
import {
  numbersOf,
  readState,
  removeState,
  rowsIn,
  type RunIdentity,
  StateError,
  stepsIn,
  writeState,
} from "./state_file.ts";

/** How long a run is. */
export interface RunLength {
  /** How many are planned. */
  readonly steps: number;
  /** What a step takes of the data. */
  readonly perStep: Amount;
}

/**
 * Reads how long a run is.
 *
 * @param found What its file holds.
 * @returns Its length.
 * @throws {RangeError} If it is none.
 */
export function lengthIn(found: unknown): RunLength {
  const length = found as RunLength;
  requireOptions("run.json", length, { steps: "number", perStep: "object" });
  requireOptions("run.json.perStep", length.perStep, { count: "number", unit: "string" });
  return length;
}

/** Where a training keeps what is under way: in the folder of its runs, or beside the folder that it is to write. */
export const underWay = {
  /** Of runs. */
  in: (out: string): string => `${withoutEnd(out)}/unfinished`,
  /** Of a model's folder. */
  beside: (out: string): string => `${withoutEnd(out)}.unfinished`,
} as const;

/** The file in a folder of states that says how long the run is. */
export const lengthFile = (states: string): string => `${states}/run.json`;

/**
 * Whether a folder has the files of a run that is under way; they are removed one by one when it is done.
 *
 * @param states The folder of its states.
 * @returns Whether it has.
 */
export async function isUnderWay(states: string): Promise<boolean> {
  return await exists(rowsIn(states)) && await exists(lengthFile(states));
}

/** Where the states of a run are, and how often they are saved. */
export interface StateOptions {
  /** The folder, of this run alone; made where it is missing. A run whose states are there goes on from the last one. */
  readonly folder: string;
  /**
   * Steps between two states. By default so much time lies between them that they take less than a hundredth of it, and a minute at
   * least.
   */
  readonly every?: number;
  /** How many of the last states stay; 2 by default. The one with the best held-out loss stays besides. */
  readonly last?: number;
  /** Is told that something could not be written, and that the run goes on; without it, the run ends with the error. */
  readonly onFault?: (error: Error) => void;
}

const optionKinds: OptionKinds<StateOptions> = {
  folder: "string",
  every: "number?",
  last: "number?",
  onFault: "function?",
};

/**
 * Requires options of states that can be followed.
 *
 * @param options The options.
 * @throws {RangeError} If one is unknown or out of range.
 */
export function requireStateOptions(options: StateOptions | undefined): void {
  if (options === undefined) return;
  requireOptions("options.state", options, optionKinds);
  requireInteger("state.every", options.every ?? 1, { min: 1 });
  requireInteger("state.last", options.last ?? 1, { min: 1 });
}

/** The share of a run's time that states may take, and rows that are written between them. */
const largestShare = 0.004;

/** The least time between two states, in milliseconds. */
const leastPause = 60_000;

/** The least time for which rows stay in memory, in milliseconds. */
const leastRowPause = 1000;

/** The pause after something that took a time, so that it takes no more than its share. */
const pauseAfter = (begun: number, least: number): number =>
  Math.max(least, (performance.now() - begun) / largestShare);

/** Whether an open file, which this process has locked, is still the one of its name: who had it before may have removed it since. */
async function isStill(file: OpenFile, path: string): Promise<boolean> {
  const mark = randomName();
  file.seek(0);
  await file.write(new TextEncoder().encode(mark));
  return await exists(path) && await readTextFile(path) === mark;
}

/**
 * Takes a folder for this process. A runtime without locks takes it as well.
 *
 * @param folder The folder; made where it is missing.
 * @returns Disposed of, it gives the folder back.
 * @throws {StateError} If another process has it.
 * @throws {RangeError} If nothing can be written there.
 */
export async function lockFolder(folder: string): Promise<Disposable> {
  const path = `${folder}/lock`;
  const file = await untilThere(async () => {
    await using _made = await prepareFolder(folder);
    return await openInPlace(path);
  });
  try {
    if (await file.tryLock() && await isStill(file, path)) return file;
    throw new StateError(`Cannot train in ${folder}: another process is doing so`);
  } catch (error) {
    file.close();
    throw unwritable(path, error);
  }
}

/** The states of a run. */
export class StateFolder<P> implements Disposable {
  readonly #options: StateOptions;
  readonly #run: RunIdentity;
  readonly #lock: Disposable;
  /** The step of the last state. */
  saved: number | undefined;
  /** Seconds that the run took in earlier processes. */
  readonly #before: number;
  readonly #begun = performance.now();
  /** The rows of the run. */
  readonly rows: RowLog;
  /** The held-out losses of states, by step, where they are known. */
  readonly #heldOut = new Map<number, number>();
  #flushed = performance.now();
  #savedAt = performance.now();
  #pause = leastPause;
  #rowPause = leastRowPause;

  private constructor(
    options: StateOptions,
    run: RunIdentity,
    opened: { readonly lock: Disposable; readonly rows: RowLog; readonly before: number },
  ) {
    this.#options = options;
    this.#run = run;
    this.#lock = opened.lock;
    this.rows = opened.rows;
    this.#before = opened.before;
  }

  /**
   * Opens the folder of a run.
   *
   * @param options Where, and how often states are saved.
   * @param determines The hash of all that determines the run.
   * @param length How long the run is, for those who follow it.
   * @param like Gives tensors of the shapes that a state has; they are not freed.
   * @returns The folder, and the last state where there is one.
   * @throws {StateError} If another process has it, or what is there is damaged, of another run, or of a newer version.
   * @throws {RangeError} If nothing can be written there.
   */
  static async open<P>(
    options: StateOptions,
    determines: string,
    length: RunLength,
    like: () => StateTensors<P>,
  ): Promise<{ readonly folder: StateFolder<P>; readonly state?: TrainingState<P> }> {
    const { folder } = options;
    const lock = await lockFolder(folder);
    let rows: RowLog | undefined;
    try {
      const step = (await stepsIn(folder)).at(-1);
      const read = step === undefined
        ? undefined
        : await readState(folder, step, like(), determines);
      const kept = { count: read?.state.rows ?? 0, bytes: read?.bytes ?? 0 };
      rows = await RowLog.open(rowsIn(folder), kept);
      await writeAtomically(lengthFile(folder), `${jsonText(length)}\n`); // last: with it the run is under way
      const { started = new Date().toISOString(), seconds: before = 0 } = read?.facts ?? {};
      const run = { determines, started };
      const opened = new StateFolder<P>(options, run, { lock, rows, before });
      opened.saved = step;
      for (const one of await stepsIn(folder)) await opened.#noteHeldOut(one);
      return { folder: opened, ...(read === undefined ? {} : { state: read.state }) };
    } catch (error) {
      rows?.[Symbol.dispose]();
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** When the run began, and how long it took until now in all processes. */
  get time(): { readonly started: Date; readonly seconds: number } {
    const seconds = this.#before + (performance.now() - this.#begun) / 1000;
    return { started: new Date(this.#run.started), seconds };
  }

  /**
   * Writes what is due between two steps: rows now and then, and a state.
   *
   * @param state The state.
   */
  async keep(state: TrainingState<P>): Promise<void> {
    const now = performance.now();
    const { every } = this.#options;
    const isDue = every === undefined
      ? now - this.#savedAt > this.#pause
      : state.step % every === 0;
    if (isDue) await this.save(state);
    else if (now - this.#flushed > this.#rowPause) await this.#trying(() => this.#flush());
  }

  /**
   * Writes a state; one of no step is none, as the run may as well begin anew.
   *
   * @param state The state.
   */
  async save(state: TrainingState<P>): Promise<void> {
    if (state.step === 0) return;
    const begun = performance.now();
    await this.#trying(async () => {
      await this.#flush();
      await this.rows.sync();
      const { seconds } = this.time;
      await writeState(this.#options.folder, state, { ...this.#run, seconds });
      if (state.looked === state.step) this.#heldOut.set(state.step, state.heldOut!);
      this.saved = state.step;
      await this.#prune(state.step);
    });
    this.#savedAt = performance.now();
    this.#pause = pauseAfter(begun, leastPause);
  }

  /**
   * The last state, of those that are saved every so many steps, of which it is known that its parameters are good.
   *
   * @param state The state at which the run went wrong.
   * @param like Tensors of the shapes that it must have.
   * @returns The state, the last one now; rows and states behind it are gone. Undefined where there is none.
   */
  async goBack(
    { measured = 0 }: TrainingState<P>,
    like: StateTensors<P>,
  ): Promise<TrainingState<P> | undefined> {
    const { folder } = this.#options;
    const steps = await stepsIn(folder);
    const good = steps.filter((one) => this.#isRegular(one) && one < measured).at(-1);
    if (good === undefined) return undefined;
    const { state } = await readState(folder, good, like, this.#run.determines);
    for (const one of steps.filter((one) => one > good).reverse()) await removeState(folder, one);
    await this.rows.cut(state.rows);
    return state;
  }

  async #noteHeldOut(step: number): Promise<void> {
    const { looked, heldOut } = await numbersOf(this.#options.folder, step);
    if (looked === step && heldOut !== undefined) this.#heldOut.set(step, heldOut);
  }

  /** Whether an undisturbed run has the state as well. */
  #isRegular(step: number): boolean {
    return step % (this.#options.every ?? 1) === 0;
  }

  async #flush(): Promise<void> {
    const begun = performance.now();
    try {
      await this.rows.flush();
    } finally {
      this.#flushed = performance.now();
      this.#rowPause = pauseAfter(begun, leastRowPause);
    }
  }

  /** Removes states that are neither the newest, nor among the last, nor the best, and what is left of such. */
  async #prune(newest: number): Promise<void> {
    const { folder, last = 2 } = this.#options;
    const steps = await stepsIn(folder);
    const regular = steps.filter((step) => this.#isRegular(step)).slice(-last);
    const best = [...this.#heldOut].reduce<readonly [number, number] | undefined>(
      (least, one) => least === undefined || one[1] < least[1] ? one : least,
      undefined,
    );
    const kept = new Set([...regular, newest, best?.[0]]);
    const all = [...steps, ...await stepsIn(folder, "safetensors")];
    for (const step of all) if (!kept.has(step)) await removeState(folder, step);
  }

  async #trying(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      const { onFault } = this.#options;
      if (onFault === undefined || !(error instanceof Error)) throw error;
      onFault(error);
    }
  }

  [Symbol.dispose](): void {
    this.rows[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
  }
}
