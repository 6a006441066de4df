// Recorded runs, as notebooks read them.

import { readRuns, type RunRecord } from "../train/record.ts";

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/**
 * The checkout: the nearest folder upward that holds `data/runs`.
 *
 * @throws {RangeError} If there is none.
 */
export async function findRoot(): Promise<string> {
  let folder = Deno.cwd();
  while (!await exists(`${folder}/data/runs`)) {
    const parent = folder.slice(0, folder.lastIndexOf("/"));
    if (parent === folder || parent === "") {
      throw new RangeError(
        "Cannot find data/runs above the current folder: open the notebook inside the checkout",
      );
    }
    folder = parent;
  }
  return folder;
}

/**
 * The recorded runs of a notebook: those in `data/runs/NAME`, or, where `NORMKIT_RUNS` names a folder, the fresh ones there.
 *
 * @param name The folder's name.
 * @returns The runs.
 * @throws {RangeError} If there are none.
 */
export async function recordedRuns(name: string): Promise<RunRecord[]> {
  return await readRuns(Deno.env.get("NORMKIT_RUNS") ?? `${await findRoot()}/data/runs/${name}`);
}
