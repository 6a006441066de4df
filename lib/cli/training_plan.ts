// What is under way of a training: what was asked for, and a folder of states for each of its runs. It lies beside what is to be written
// until all is written.

import { jsonText, parseJson } from "../core/json.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { version } from "../core/version.ts";
import { commandLine } from "./shell.ts";
import { exists, writeAtomically } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { EndedBySignal } from "../platform/signals.ts";
import { readTextFile } from "../platform/text_file.ts";
import { StateError, stepsIn } from "../train/state_file.ts";
import { lockFolder, type StateOptions, underWay } from "../train/state_folder.ts";

/** The version of the file. */
const format = 1;

/** What was asked for, as a file has it. */
export interface Asked {
  readonly format: number;
  /** The version of normkit that wrote it. */
  readonly normkit: string;
  /** The words behind `normkit train`. */
  readonly words: readonly string[];
  /** The folder in which its relative paths begin. */
  readonly folder: string;
  /** The runs that are written to their end. */
  readonly done: readonly string[];
  /** Those that it has begun to write: at a signal, what there was then. */
  readonly begun: readonly string[];
}

const askedKinds: OptionKinds<Asked> = {
  format: "number",
  normkit: "string",
  words: "list",
  folder: "string",
  done: "list",
  begun: "list",
};

const fileIn = (folder: string): string => `${folder}/command.json`;

async function readAsked(folder: string): Promise<Asked> {
  const path = fileIn(folder);
  const asked = parseJson(await readTextFile(path), path) as Asked;
  if (Number.isInteger(asked?.format) && asked.format > format) {
    throw new StateError(
      `Cannot resume from ${path}: normkit ${asked.normkit} wrote it, and this is ${version}, which is older`,
    );
  }
  requireOptions(path, asked, askedKinds);
  if ([...asked.words, ...asked.done, ...asked.begun].every((word) => typeof word === "string")) {
    return asked;
  }
  throw new StateError(`Cannot resume from ${path}: its words must be texts`);
}

/**
 * Finds the training that is to be gone on with.
 *
 * @param out The folder that it writes to.
 * @returns What was asked for.
 * @throws {RangeError} If there is none, or its file is damaged or newer.
 */
export async function findAsked(out: string): Promise<Asked> {
  for (const folder of [underWay.in(out), underWay.beside(out)]) {
    if (await exists(fileIn(folder))) return await readAsked(folder);
  }
  throw new RangeError(
    `Cannot resume ${out}: no training there is unfinished (it would have left ${
      underWay.in(out)
    })`,
  );
}

/** A training that is under way; disposed of, it leaves what can be gone on with, and else nothing. */
export class TrainingPlan implements AsyncDisposable {
  readonly #folder: string;
  readonly #every: number | undefined;
  readonly #lock: Disposable;
  #asked: Asked;
  #kept = false;
  /** Why something of it could not be written. */
  fault: string | undefined;

  private constructor(folder: string, every: number | undefined, asked: Asked, lock: Disposable) {
    this.#folder = folder;
    this.#every = every;
    this.#asked = asked;
    this.#lock = lock;
  }

  /**
   * Begins a training, or takes one up.
   *
   * @param folder Where its states are.
   * @param words What is asked for.
   * @param how Whether it is taken up, or replaces one that is unfinished, and the steps between two states.
   * @returns The training.
   * @throws {RangeError} If another one is there.
   */
  static async open(folder: string, words: readonly string[], how: {
    readonly resumed: boolean;
    readonly force: boolean;
    readonly every: number | undefined;
  }): Promise<TrainingPlan> {
    const lock = await lockFolder(folder);
    try {
      const isThere = await exists(fileIn(folder));
      if (isThere && !how.resumed && !how.force) {
        throw new RangeError(
          `Cannot train: ${folder} has what is left of a training; --resume goes on with it, --force replaces it`,
        );
      }
      if (isThere && !how.resumed) await removeInside(folder);
      const asked = isThere && how.resumed ? await readAsked(folder) : {
        ...{ format, normkit: version, words, done: [], begun: [] },
        folder: platform.currentFolder(),
      };
      await writeAtomically(fileIn(folder), `${jsonText(asked, 2)}\n`);
      return new TrainingPlan(folder, how.every, asked, lock);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether a run is written. */
  isDone(run: string): boolean {
    return this.#asked.done.includes(run);
  }

  /** Where the states of a run are. */
  statesOf(run: string): StateOptions {
    return {
      folder: `${this.#folder}/${run}`,
      ...(this.#every === undefined ? {} : { every: this.#every }),
      onFault: ({ message }) => {
        if (message !== this.fault) console.error(`\n  ${message}; the training goes on`);
        this.fault = message;
      },
    };
  }

  /** Whether what there is under a run's name was written by this training. */
  hasWritten(run: string): boolean {
    return this.#asked.begun.includes(run);
  }

  /**
   * Notes that a run is about to be written, so that one whose process is killed in between is known to be this training's own.
   *
   * @param run The run.
   */
  async writing(run: string): Promise<void> {
    await this.#note("begun", run);
  }

  /**
   * Notes that a run is written. One that has come to its end needs no states any more.
   *
   * @param run The run.
   * @param isDone Whether it has come to its end.
   */
  async written(run: string, isDone: boolean): Promise<void> {
    await this.#note(isDone ? "done" : "begun", run);
    if (isDone) await platform.removeAll(`${this.#folder}/${run}`).catch(() => {});
  }

  async #note(list: "done" | "begun", run: string): Promise<void> {
    if (this.#asked[list].includes(run)) return;
    this.#asked = { ...this.#asked, [list]: [...this.#asked[list], run] };
    await writeAtomically(fileIn(this.#folder), `${jsonText(this.#asked, 2)}\n`);
  }

  /**
   * Leaves it to be gone on with, and says how.
   *
   * @param out Where it writes to.
   */
  keepFor(out: string): void {
    this.#kept = true;
    console.error(`  ${commandLine("normkit train", ["--resume", out])} goes on with it`);
  }

  /** Whether there is a state to go on from. */
  async #hasStates(): Promise<boolean> {
    for await (const { name, isDirectory } of platform.readDir(this.#folder)) {
      if (isDirectory && (await stepsIn(`${this.#folder}/${name}`)).length > 0) return true;
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isKept = this.#kept || await this.#hasStates().catch(() => false);
    if (!isKept) await platform.removeAll(this.#folder).catch(() => {}); // before another process may take it
    this.#lock[Symbol.dispose]();
  }
}

/**
 * The exit code of a training that a signal ended: what there is is saved.
 *
 * @param signal The signal.
 * @param plan The training.
 * @returns 0 after Ctrl-C, 143 after SIGTERM; 1 where the state could not be saved, or it was ended otherwise.
 */
export function codeAtEnd({ reason }: AbortSignal, { fault }: TrainingPlan): number {
  return reason instanceof EndedBySignal && fault === undefined ? reason.code : 1;
}

/** Removes all in a folder but its lock. */
async function removeInside(folder: string): Promise<void> {
  for await (const { name } of platform.readDir(folder)) {
    if (name !== "lock") await platform.removeAll(`${folder}/${name}`);
  }
}
