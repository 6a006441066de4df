// Who is at a cell, said by files, so that processes of one machine, and of several that share a disk, leave each other's cells alone.
//
// The n-th process that takes a cell makes the file `claim-n`, which only one can. The last claim counts. It is abandoned, and stays so,
// when its process has ended: on the same machine the lock of the file tells at once; from another one, its beat stands still.

import { jsonText } from "../core/json.ts";
import { createFile, exists, isLocked, removeIfThere, untilThere } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import type { OpenFile } from "../platform/platform.ts";
import { unwritable } from "../platform/system_error.ts";
import { readTextFile } from "../platform/text_file.ts";

/** Milliseconds between two beats of a claim. */
const pulse = 10_000;

/** Milliseconds after which a claim whose beat stands still is taken for abandoned: slow disks and long steps are shorter. */
const usualPatience = 180_000;

/** A cell that this process has; disposed of, it gives it back. */
export type Claim = AsyncDisposable;

const claimIn = (folder: string, number: number): string => `${folder}/claim-${number}`;

/** The number of the last claim in a folder; 0 where there is none. */
async function lastIn(folder: string): Promise<number> {
  if (!await exists(folder)) return 0;
  let last = 0;
  for await (const { name } of platform.readDir(folder)) {
    last = Math.max(last, Number(/^claim-(\d+)$/.exec(name)?.[1] ?? 0));
  }
  return last;
}

async function writeBeat(file: OpenFile, beat: number): Promise<void> {
  file.seek(0);
  const text = jsonText({ host: platform.hostName(), beat: String(beat).padStart(12, "0") });
  await file.write(new TextEncoder().encode(text));
  await file.sync();
}

/** The claims that this process has, and what it saw of those that others have. */
export class Claims {
  readonly #patience: number;
  /** What was last read of a claim, and since when it says so. */
  readonly #seen = new Map<string, { readonly text: string; readonly since: number }>();

  /** @param patience Milliseconds for which the beat of a claim of another machine may stand still. */
  constructor(patience: number = usualPatience) {
    this.#patience = patience;
  }

  /**
   * Takes a cell.
   *
   * @param folder The folder of its states; made where it is missing.
   * @returns The claim, or undefined where another process has the cell.
   */
  async take(folder: string): Promise<Claim | undefined> {
    const last = await lastIn(folder);
    if (last > 0 && !await this.#isAbandoned(claimIn(folder, last))) return undefined;
    const path = claimIn(folder, last + 1);
    const file = await untilThere(async () => {
      await platform.makeFolder(folder, { around: true });
      return await createFile(path); // another may be first
    }).catch((error) => {
      throw unwritable(path, error);
    });
    return file === undefined ? undefined : await claimOf(path, file);
  }

  /**
   * Whether a process is at a cell.
   *
   * @param folder The folder of its states.
   * @returns Whether its last claim counts.
   */
  async isTaken(folder: string): Promise<boolean> {
    const last = await lastIn(folder);
    return last > 0 && !await this.#isAbandoned(claimIn(folder, last));
  }

  async #isAbandoned(path: string): Promise<boolean> {
    try {
      const text = await readTextFile(path);
      if (platform.locks() && text.includes(jsonText(platform.hostName()))) {
        return !await isLocked(path); // it is locked before its machine stands in it
      }
      const known = this.#seen.get(path);
      const since = known?.text === text ? known.since : performance.now();
      this.#seen.set(path, { text, since });
      return performance.now() - since >= this.#patience;
    } catch (error) {
      if (platform.faultOf(error) === "absent") return false; // given back just now: the next try takes it
      throw error;
    }
  }
}

/** Gives a claim back, as if it had not been. */
async function giveBack(path: string, file: OpenFile): Promise<void> {
  file.close();
  await removeIfThere(path);
}

/** Locks a claim's file, and lets it beat until it is given back. */
async function claimOf(path: string, file: OpenFile): Promise<Claim> {
  if (platform.locks()) await file.lock();
  let [beat, writing] = [0, writeBeat(file, 0)];
  try {
    await writing;
  } catch (error) {
    await giveBack(path, file); // of a full disk: nobody is at the cell
    throw unwritable(path, error);
  }
  const timer = setInterval(() => {
    writing = writing.then(() => writeBeat(file, ++beat)).catch(() => {}); // a full disk ends no training
  }, pulse);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await writing;
      await giveBack(path, file);
    },
  };
}
