// A run that is under way, or done, followed from its files alone: on this machine, or on a disk that it shares with another. Nothing
// else tells that there is more, so it is looked at again and again; clocks of other machines are not read.

import { parseJson, reviveNumber } from "../core/json.ts";
import { requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { readJson } from "../platform/json_file.ts";
import { bytesOf, joinBytes, openRegular } from "../platform/text_file.ts";
import { saysAbsent } from "../platform/system_error.ts";
import { readPackedRuns } from "./packed_runs.ts";
import { readRunAmong } from "./read_runs.ts";
import type { AnyRunRecord, Row } from "./record.ts";
import { rowsIn } from "./state_file.ts";
import { isUnderWay, lengthFile, lengthIn, type RunLength, underWay } from "./state_folder.ts";

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
  /** What made it; undefined until it is done. */
  readonly manifest?: AnyRunRecord["manifest"];
}

const newline = 0x0a;

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** The whole lines of a file that grows, and that another one takes the place of where the run went back. */
class GrowingRows {
  readonly #path: string;
  #rows: Row[] = [];
  /** Where the lines end that were read. */
  #bytes = 0;
  /** The last of them, by which another file is told. */
  #last = new Uint8Array();
  /** A line that could not be read when it was last looked at. */
  #unread = new Uint8Array();

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<readonly Row[]> {
    using file = await openRegular(this.#path);
    file.seek(this.#bytes - this.#last.length);
    const found = await joinBytes(bytesOf(file));
    if (isEqual(found.subarray(0, this.#last.length), this.#last)) {
      this.#take(found.subarray(this.#last.length));
    } else {
      [this.#rows, this.#bytes, this.#last] = [[], 0, new Uint8Array()];
      file.seek(0);
      this.#take(await joinBytes(bytesOf(file)));
    }
    return [...this.#rows];
  }

  /** Takes the lines in bytes; half a line is left for later. */
  #take(bytes: Uint8Array): void {
    for (let start = 0, end = 0; (end = bytes.indexOf(newline, start) + 1) > 0; start = end) {
      const line = bytes.slice(start, end);
      if (!this.#takeLine(line)) return;
      this.#bytes += line.length;
      this.#last = line;
    }
  }

  /** Takes a line. One that is none is looked at again: a shared disk may know of a file's length before it has its content. */
  #takeLine(line: Uint8Array<ArrayBuffer>): boolean {
    try {
      const text = new TextDecoder().decode(line);
      this.#rows.push(parseJson(text, this.#path, reviveNumber) as Row);
      this.#unread = new Uint8Array();
      return true;
    } catch (error) {
      if (isEqual(line, this.#unread)) throw error;
      this.#unread = line;
      return false;
    }
  }
}

/** A run, looked at again and again. */
export class WatchedRun {
  readonly #folder: string;
  readonly #run: string;
  readonly #packed: typeof readPackedRuns;
  readonly #growing = new Map<string, GrowingRows>();

  /**
   * @param folder The folder of runs, as of `--out`.
   * @param run What its files are called there.
   * @param packed Reads packed runs, as of `readRunAmong`.
   */
  constructor(folder: string, run: string, packed = readPackedRuns) {
    [this.#folder, this.#run, this.#packed] = [folder, run, packed];
  }

  /**
   * Looks at it.
   *
   * @returns What is known of it now.
   * @throws {RangeError} If it is gone.
   */
  async look(): Promise<RunView> {
    for (const states of [underWay.in(this.#folder), underWay.beside(this.#folder)]) {
      const view = await this.#viewIn(`${states}/${this.#run}`);
      if (view !== undefined) return view;
    }
    try {
      const { rows, manifest } = await readRunAmong(this.#folder, this.#run, this.#packed);
      return { rows, length: undefined, isDone: true, manifest };
    } catch (cause) {
      if (!saysAbsent(cause)) throw cause;
      throw new RangeError(
        `Cannot follow ${this.#folder}/${this.#run}: there is no such run, nor one under way; where there was one, it was removed or ` +
          "renamed",
        { cause },
      );
    }
  }

  /** What is known of it while it is under way; undefined where it is not, or no more. */
  async #viewIn(states: string): Promise<RunView | undefined> {
    if (!await isUnderWay(states)) return undefined;
    const growing = this.#growing.get(states) ?? new GrowingRows(rowsIn(states));
    this.#growing.set(states, growing);
    try {
      const length = lengthIn(await readJson(lengthFile(states)));
      return { rows: await growing.read(), length, isDone: false };
    } catch (error) {
      if (await isUnderWay(states)) throw error;
      return undefined;
    }
  }
}

/**
 * Follows a run until it is done: what is known of it at once, and again whenever there are other rows.
 *
 * @param folder The folder of runs, as of `--out`; of a model that is trained further, the folder that it is to be written to.
 * @param name The run; `training` is that of a model that is trained further.
 * @param options How often it is looked at, and what ends it.
 * @returns What is known, the last time when it is done.
 * @throws {RangeError} If there is no such run, or none any more.
 */
export async function* followRun(
  folder: string,
  name: string,
  options: FollowOptions = {},
): AsyncGenerator<RunView> {
  requireOptions("followRun()", options, optionKinds);
  const { signal } = options;
  const pause = requireNumber("pause", options.pause ?? 1000, { min: 0 });
  const run = new WatchedRun(folder, name);
  let known: readonly Row[] | undefined;
  while (signal?.aborted !== true) {
    const view = await run.look();
    if (view.isDone || known === undefined || view.rows.at(-1) !== known.at(-1)) yield view;
    if (view.isDone) return;
    known = view.rows;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
