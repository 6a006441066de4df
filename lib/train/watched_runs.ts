// Several runs, looked at again and again: those that a path names, and those that begin meanwhile.

import { exists } from "../platform/files.ts";
import { findRuns, type RunPlace } from "./find_runs.ts";
import { type RunView, WatchedRun } from "./follow_run.ts";
import { readPackedRuns } from "./packed_runs.ts";
import { underWay } from "./state_folder.ts";

/** A run, and what is known of it. */
export interface SeenRun extends RunView {
  /** What tells it from others: its path from the folder that was named. */
  readonly name: string;
}

/** What is known of all runs. */
export interface Look {
  /** The runs, in the order of their names. */
  readonly runs: readonly SeenRun[];
  /** Whether one is not done, or another one is to follow it in its folder. */
  readonly isGoing: boolean;
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

/** Runs that are looked at again and again. */
export class WatchedRuns {
  readonly #paths: readonly string[];
  readonly #watched = new Map<string, WatchedRun>();
  readonly #done = new Map<string, RunView>();
  readonly #packed = rememberingPacked();

  /** @param paths Runs, and folders with runs in them. */
  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /**
   * Looks at them.
   *
   * @returns What is known of them now.
   * @throws {RangeError} If there is none, one is gone, or two have one name.
   */
  async look(): Promise<Look> {
    const runs: SeenRun[] = [];
    let isGoing = false;
    for (const place of await this.#places()) {
      const view = await this.#viewOf(place);
      runs.push({ name: place.name, ...view });
      isGoing ||= !view.isDone || await exists(underWay.in(place.folder));
    }
    return { runs, isGoing };
  }

  async #places(): Promise<RunPlace[]> {
    const isAmong = this.#paths.length > 1;
    const found = await Promise.all(this.#paths.map((path) => findRuns(path, isAmong)));
    const places = found.flat();
    const names = places.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) < at);
    if (twice === undefined) return places;
    throw new RangeError(`Cannot tell two runs named ${twice} apart: name a folder around them`);
  }

  async #viewOf({ name, folder, run }: RunPlace): Promise<RunView> {
    const known = this.#done.get(name);
    if (known !== undefined) return known;
    const watched = this.#watched.get(name) ?? new WatchedRun(folder, run, this.#packed);
    this.#watched.set(name, watched);
    const view = await watched.look();
    if (view.isDone) this.#done.set(name, view);
    return view;
  }
}
