// Runs written for other programs: all of them as a table in one file, or each as a folder of TensorBoard events, which may grow as the
// run does.

import { requireNumber, requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import {
  openInPlace,
  prepareFolder,
  removeIfThere,
  requireAbsent,
  writeAtomically,
} from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { dirname } from "../platform/path.ts";
import type { OpenFile } from "../platform/platform.ts";
import { unwritable } from "../platform/system_error.ts";
import { type SeenRun, WatchedRuns } from "../train/watched_runs.ts";
import { EventStream } from "./event_stream.ts";
import { tableOf } from "./table.ts";
import { csvOf, parquetOf } from "./tables.ts";

/** What runs are written as. */
export type LogFormat = "csv" | "parquet" | "tensorboard";

/** What `to` may be. */
export const logFormats: readonly LogFormat[] = ["csv", "parquet", "tensorboard"];

/** How runs are written. */
export interface LogOptions {
  /** As what. */
  readonly to: LogFormat;
  /** The new file; for TensorBoard the folder, in which each run has one of its own. */
  readonly out: string;
  /** Replaces what was written there before; without it, it is refused. */
  readonly force?: boolean;
  /** For TensorBoard: goes on until no run is under way. */
  readonly follow?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Milliseconds between two looks; 1000 by default. */
  readonly pause?: number;
}

const optionKinds: OptionKinds<LogOptions> = {
  to: "string",
  out: "string",
  force: "boolean?",
  follow: "boolean?",
  signal: "signal?",
  pause: "number?",
};

/** What was written of a run. */
export interface LoggedFacts {
  /** What it is called there. */
  readonly name: string;
  /** How many rows it has. */
  readonly rows: number;
  /** Whether it has come to its end. */
  readonly done: boolean;
}

const factsOf = ({ name, rows, isDone }: SeenRun): LoggedFacts => ({
  ...{ name, rows: rows.length, done: isDone },
});

/** Writes runs as a table in one file. */
async function writeTable(
  paths: readonly string[],
  { to, out, force = false }: LogOptions,
): Promise<LoggedFacts[]> {
  if (!force) await requireAbsent(out);
  const { runs } = await new WatchedRuns(paths).look();
  const table = tableOf(runs);
  await writeAtomically(out, to === "csv" ? csvOf(table) : parquetOf(table));
  return runs.map(factsOf);
}

/** The file of a run's events; TensorBoard takes it for one of its own by the middle of its name. */
const eventFile = (out: string, { name }: SeenRun): string =>
  `${out}/${name}/events.out.tfevents.normkit`;

/** The file of a run's events, which grows. */
class EventFile implements Disposable {
  readonly #path: string;
  readonly #events = new EventStream();
  readonly #file: OpenFile;
  #isWhole = false;

  private constructor(path: string, file: OpenFile) {
    [this.#path, this.#file] = [path, file];
  }

  /** A new file with what there is of the run. */
  static async open(path: string, run: SeenRun): Promise<EventFile> {
    await using _folder = await prepareFolder(dirname(path));
    await removeIfThere(path);
    const file = new EventFile(path, await openInPlace(path));
    try {
      await file.grow(run);
      return file;
    } catch (error) {
      file[Symbol.dispose]();
      await platform.remove(path);
      throw error;
    }
  }

  /** Appends what is new. */
  async grow(run: SeenRun): Promise<void> {
    if (this.#isWhole) return;
    try {
      await this.#file.write(this.#events.next(run));
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    this.#isWhole = run.isDone;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Writes each run as events into a folder of its own. */
async function writeEvents(
  paths: readonly string[],
  options: LogOptions,
): Promise<LoggedFacts[]> {
  const { out, force = false, follow = false, signal } = options;
  const pause = requireNumber("pause", options.pause ?? 1000, { min: 0 });
  const watched = new WatchedRuns(paths);
  const files = new Map<string, EventFile>();
  try {
    for (;;) {
      const { runs, isGoing } = await watched.look();
      for (const run of runs.filter(({ name }) => !force && !files.has(name))) {
        await requireAbsent(eventFile(out, run)); // of all of them, before one is written
      }
      for (const run of runs) {
        const file = files.get(run.name);
        if (file === undefined) {
          files.set(run.name, await EventFile.open(eventFile(out, run), run));
        } else await file.grow(run);
      }
      if (!isGoing || !follow || signal?.aborted === true) return runs.map(factsOf);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  } finally {
    for (const file of files.values()) file[Symbol.dispose]();
  }
}

/**
 * Writes runs for other programs: as CSV or Parquet for tables, or as events for TensorBoard. Numbers that are not finite stay what they
 * are.
 *
 * A table has a line for each row of each run, with the columns `run`, `kind` and `step`, the settings in which the runs differ, and what
 * the rows hold. Of TensorBoard's events each run has a folder, and each value the tag `kind/name/value`, in single precision.
 *
 * @param paths Runs, such as `runs/pre-ln`, folders of models that were trained further, or folders with any of them in them.
 * @param options As what, where to, and whether runs that are under way are followed.
 * @returns The runs.
 * @throws {RangeError} If there is no run, two have one name, or the file is there already.
 */
export async function writeLog(
  paths: readonly string[],
  options: LogOptions,
): Promise<LoggedFacts[]> {
  requireOptions("writeLog()", options, optionKinds);
  const to = requireOneOf("to", options.to, logFormats);
  if (to === "tensorboard") return await writeEvents(paths, options);
  if (options.follow !== true) return await writeTable(paths, options);
  throw new RangeError(`Cannot use follow with ${to}: only events can be appended to a file`);
}
