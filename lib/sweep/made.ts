// Which cells of a sweep are there already, and the sweep packed when all are.

import { exists } from "../platform/files.ts";
import { readJson } from "../platform/json_file.ts";
import { platform } from "../platform/mod.ts";
import { packedManifests } from "../train/packed_runs.ts";
import { packRuns } from "../train/read_runs.ts";
import type { Manifest } from "../train/record.ts";
import type { Cell, Trainer } from "./trainer.ts";

/** The tfjs backend on which cells are trained. */
export const usualBackend = "wasm";

/** Where runs are, and what trains them. */
export interface RunStore {
  /** The folder. */
  readonly out: string;
  /** What knows all that determines them. */
  readonly trainer: Trainer;
  /** The tfjs backend; `wasm` by default. */
  readonly backend?: string;
}

/** The manifest of a run that has files of its own; an empty one where it cannot be read. */
async function looseManifest(out: string, name: string): Promise<Partial<Manifest> | undefined> {
  try {
    await platform.stat(`${out}/${name}.jsonl`);
    return await readJson(`${out}/${name}.json`) as Partial<Manifest>;
  } catch (error) {
    if (platform.faultOf(error) === "absent") return undefined;
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/**
 * The runs that are there, in files of their own or packed: all that determines them is what determines those that are meant.
 *
 * @param runs The runs that are meant.
 * @param store Where they may be.
 * @returns Which need not be made again.
 */
export async function madeRuns(
  runs: readonly Cell[],
  store: RunStore,
): Promise<ReadonlySet<Cell>> {
  const { out, trainer, backend = usualBackend } = store;
  const loose = new Map<string, Partial<Manifest>>();
  for (const { name } of runs) {
    const manifest = await looseManifest(out, name);
    if (manifest !== undefined) loose.set(name, manifest);
  }
  const packed = await packedManifests(out); // last: another process may pack them meanwhile
  return new Set(runs.filter((run) => {
    const manifest = loose.get(run.name) ?? packed.get(run.name);
    return manifest?.determines === trainer.hashOf(run, backend);
  }));
}

/**
 * The names of runs that are there, whatever determined them.
 *
 * @param runs The runs.
 * @param out The folder.
 * @returns Their names.
 */
export async function takenNames(runs: readonly Cell[], out: string): Promise<string[]> {
  const packed = await packedManifests(out);
  const names: string[] = [];
  for (const { name } of runs) {
    if (packed.has(name) || await exists(`${out}/${name}.json`)) names.push(name);
  }
  return names;
}

/**
 * Packs the cells of a sweep if all of them are there.
 *
 * @param runs All of the sweep.
 * @param store Where they are.
 * @returns Whether all are there, and so packed.
 */
export async function packFinished(runs: readonly Cell[], store: RunStore): Promise<boolean> {
  const made = await madeRuns(runs, store);
  if (made.size < runs.length) return false;
  await packRuns(store.out, runs.map(({ name }) => name));
  return true;
}
