// Recorded runs, as notebooks read them.

import { exists } from "../platform/files.ts";
import { readJson } from "../platform/json_file.ts";
import { platform } from "../platform/mod.ts";
import { dirname } from "../platform/path.ts";
import { formatNumber } from "../plots/measurements.ts";
import { readRuns } from "../train/read_runs.ts";
import type { RunRecord } from "../train/record.ts";

/**
 * The checkout: the nearest folder upward that holds `data/runs`.
 *
 * @throws {RangeError} If there is none.
 */
export async function findRoot(): Promise<string> {
  let folder = platform.currentFolder();
  while (!await exists(`${folder}/data/runs`)) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new RangeError(
        "Cannot find data/runs above the current folder: open the notebook inside the checkout, or name a folder of runs in NORMKIT_RUNS",
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
  return await readRuns(
    platform.environment("NORMKIT_RUNS") ?? `${await findRoot()}/data/runs/${name}`,
  );
}

/**
 * The claims of all notebooks as `deno task claims` collected them, in the words of a table.
 *
 * @returns One row for each claim, with the notebook that states it.
 */
export async function collectedClaims(): Promise<Record<string, string>[]> {
  const claims = await readJson(`${await findRoot()}/data/claims.json`) as Record<
    string,
    string | number
  >[];
  const short = (value: string | number | undefined): string =>
    typeof value === "number" ? formatNumber(value) : value ?? "";
  return claims.map(({ paper, claim, papers, ours, spread, verdict, notebook }) => ({
    paper: short(paper),
    claim: short(claim),
    "paper's number": short(papers),
    ours: spread === undefined ? short(ours) : `${short(ours)} (${short(spread)})`,
    verdict: `[${short(verdict)}](${short(notebook)})`,
  }));
}
