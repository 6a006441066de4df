// A run that is under way, or done, followed from its files alone: on this machine, or on a disk that it shares with another.

import { parseJson, reviveNumber } from "../core/json.ts";
import { requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { exists } from "../platform/files.ts";
import { readJson } from "../platform/json_file.ts";
import { bytesOf, joinBytes, openRegular } from "../platform/text_file.ts";
import { readRun } from "./read_runs.ts";
import type { Row } from "./record.ts";
import { rowsIn } from "./state_file.ts";
import { lengthIn, type RunLength, underWayIn } from "./state_folder.ts";

/** How a run is followed. */
export interface FollowOptions {
  /** Milliseconds between two looks; 1000 by default. */
  readonly pause?: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

const optionKinds: OptionKinds<FollowOptions> = { pause: "number?", signal: "signal?" };

/** What is known of a run. */
export interface RunView {
  /** Its rows until now. */
  readonly rows: readonly Row[];
  /** Its steps in all, and what it trains on in each; undefined where the run is done. */
  readonly length: RunLength | undefined;
  /** Whether it has come to its end. */
  readonly isDone: boolean;
}

const newline = 0x0a;

const lengthFile = (states: string): string => `${states}/run.json`;

/** The whole lines of a file that grows, and begins anew where the run went back. */
class GrowingRows {
  readonly #path: string;
  #rows: Row[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<readonly Row[]> {
    using file = await openRegular(this.#path);
    if (await file.size() < this.#bytes) [this.#rows, this.#bytes] = [[], 0];
    file.seek(this.#bytes);
    const all = await joinBytes(bytesOf(file));
    const whole = all.subarray(0, all.lastIndexOf(newline) + 1);
    for (const line of new TextDecoder().decode(whole).split("\n")) {
      if (line !== "") this.#rows.push(parseJson(line, this.#path, reviveNumber) as Row);
    }
    this.#bytes += whole.length;
    return [...this.#rows];
  }
}

/** Whether a run has its files of what is under way; they are removed one by one when it is done. */
async function isUnderWay(states: string): Promise<boolean> {
  return await exists(rowsIn(states)) && await exists(lengthFile(states));
}

/** What is known of a run that is under way; undefined where it is not, or no more. */
async function viewOf(states: string, growing: GrowingRows): Promise<RunView | undefined> {
  try {
    const length = lengthIn(await readJson(lengthFile(states)));
    return { rows: await growing.read(), length, isDone: false };
  } catch (error) {
    if (await isUnderWay(states)) throw error;
    return undefined;
  }
}

/**
 * Follows a run until it is done: what is known of it at once, and again whenever there are more rows.
 *
 * @param folder The folder of runs, as of `--out`.
 * @param name The run.
 * @param options How often it is looked at, and what ends it.
 * @returns What is known, the last time when it is done.
 * @throws {RangeError} If there is no such run.
 */
export async function* followRun(
  folder: string,
  name: string,
  options: FollowOptions = {},
): AsyncGenerator<RunView> {
  requireOptions("followRun()", options, optionKinds);
  const { signal } = options;
  const pause = requireNumber("pause", options.pause ?? 1000, { min: 0 });
  const states = underWayIn(folder, name);
  const growing = new GrowingRows(rowsIn(states));
  let known = -1;
  if (!await isUnderWay(states) && !await exists(`${folder}/${name}.json`)) {
    throw new RangeError(
      `Cannot follow ${folder}/${name}: there is no such run, nor one under way; a run is named by its folder and its variant, ` +
        "such as runs/pre-ln",
    );
  }
  while (signal?.aborted !== true) {
    const view = await viewOf(states, growing);
    if (view === undefined) break;
    if (view.rows.length !== known) yield view;
    known = view.rows.length;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  if (signal?.aborted === true) return;
  const { rows } = await readRun(folder, name);
  yield { rows, length: undefined, isDone: true };
}
