// Runs written for other programs: all of them as a table in one file, or each as a folder of TensorBoard events, which may grow as the
// run does.

import { requireNumber, requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import {
  exists,
  openInPlace,
  prepareFolder,
  requireAbsent,
  writeAtomically,
} from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import type { OpenFile } from "../platform/platform.ts";
import { unwritable } from "../platform/system_error.ts";
import { findRuns, type RunPlace } from "../train/find_runs.ts";
import { readPackedRuns } from "../train/packed_runs.ts";
import { WatchedRun } from "../train/follow_run.ts";
import { underWay } from "../train/state_folder.ts";
import { EventStream, type NewEvents } from "./event_stream.ts";
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

/** The runs at some paths. */
async function placesAt(paths: readonly string[]): Promise<RunPlace[]> {
  const isAmong = paths.length > 1;
  const places = (await Promise.all(paths.map((path) => findRuns(path, isAmong)))).flat();
  const twice = places.find(({ name }, at) => places.findIndex((one) => one.name === name) < at);
  if (twice === undefined) return places;
  throw new RangeError(`Cannot write two runs named ${twice.name}: name a folder around them`);
}

/** What reads packed runs, those of each folder once. */
function rememberingPacked(): typeof readPackedRuns {
  const known = new Map<string, ReturnType<typeof readPackedRuns>>();
  return (folder) => {
    const read = known.get(folder) ?? readPackedRuns(folder);
    known.set(folder, read);
    return read;
  };
}

/** Writes runs as a table in one file. */
async function writeTable(
  paths: readonly string[],
  { to, out, force = false }: LogOptions,
): Promise<LoggedFacts[]> {
  if (!force) await requireAbsent(out);
  const runs = [];
  const packed = rememberingPacked();
  for (const { name, folder, run } of await placesAt(paths)) {
    runs.push({ name, ...await new WatchedRun(folder, run, packed).look() });
  }
  const table = tableOf(runs);
  await writeAtomically(out, to === "csv" ? csvOf(table) : parquetOf(table));
  return runs.map(({ name, rows, isDone }) => ({ name, rows: rows.length, done: isDone }));
}

/** Our file in a run's folder; TensorBoard takes it for one of its own by the middle of its name. */
const eventFile = "events.out.tfevents.normkit";

/** The file of a run's events, which grows. */
class EventFile implements Disposable {
  readonly #path: string;
  readonly #events: EventStream;
  readonly #file: OpenFile;
  /** What of the run is there. */
  facts: LoggedFacts;

  private constructor(path: string, events: EventStream, file: OpenFile, facts: LoggedFacts) {
    [this.#path, this.#events, this.#file, this.facts] = [path, events, file, facts];
  }

  static async open(
    place: RunPlace,
    { out, force = false }: LogOptions,
    packed: typeof readPackedRuns,
  ): Promise<EventFile> {
    const { name } = place;
    const path = `${out}/${name}/${eventFile}`;
    const events = new EventStream(place, packed);
    const first = await events.next();
    if (await exists(path)) {
      if (!force) {
        throw new RangeError(`Cannot write ${path}: it is there already; force replaces it`);
      }
      await platform.remove(path);
    }
    await using _folder = await prepareFolder(`${out}/${name}`);
    const facts = { name, rows: 0, done: false };
    const file = new EventFile(path, events, await openInPlace(path), facts);
    try {
      await file.#write(first);
      return file;
    } catch (error) {
      file[Symbol.dispose]();
      await platform.remove(path);
      throw error;
    }
  }

  async #write({ bytes, rows, isDone }: NewEvents): Promise<void> {
    try {
      await this.#file.write(bytes);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    this.facts = { ...this.facts, rows, done: isDone };
  }

  /** Appends what is new. */
  async grow(): Promise<void> {
    if (!this.facts.done) await this.#write(await this.#events.next());
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Whether a run is not done, or another one is to follow it in its folder. */
async function isGoing({ folder }: RunPlace, { done }: LoggedFacts): Promise<boolean> {
  return !done || await exists(underWay.in(folder));
}

/** Writes each run as events into a folder of its own. */
async function writeEvents(
  paths: readonly string[],
  options: LogOptions,
): Promise<LoggedFacts[]> {
  const { follow = false, signal } = options;
  const pause = requireNumber("pause", options.pause ?? 1000, { min: 0 });
  const open = new Map<string, EventFile>();
  const packed = rememberingPacked();
  const lookAtAll = async (): Promise<boolean> => {
    let isAnyGoing = false;
    for (const place of await placesAt(paths)) {
      const file = open.get(place.name);
      if (file === undefined) open.set(place.name, await EventFile.open(place, options, packed));
      else await file.grow();
      isAnyGoing ||= await isGoing(place, open.get(place.name)!.facts);
    }
    return isAnyGoing;
  };
  try {
    while (await lookAtAll() && follow && signal?.aborted !== true) {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  } finally {
    for (const file of open.values()) file[Symbol.dispose]();
  }
  return [...open.values()].map(({ facts }) => facts);
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
