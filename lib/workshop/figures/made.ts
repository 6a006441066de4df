// Which runs of a figure are there already, and the figure packed when all are.

import { exists } from "../../platform/files.ts";
import { readJson } from "../../platform/json_file.ts";
import { packedManifests } from "../../train/packed_runs.ts";
import { packRuns } from "../../train/read_runs.ts";
import type { Manifest } from "../../train/record.ts";
import type { FigureRun } from "./figure.ts";
import type { Trainer } from "./trainer.ts";

/** The tfjs backend on which runs of figures are made. */
export const figureBackend = "wasm";

/** Where runs are, and what trains them. */
export interface RunStore {
  /** The folder. */
  readonly out: string;
  /** What knows all that determines them. */
  readonly trainer: Trainer;
  /** The tfjs backend; that of figures by default. */
  readonly backend?: string;
}

/** The manifest of a run that has files of its own; an empty one where it cannot be read. */
async function looseManifest(out: string, name: string): Promise<Partial<Manifest> | undefined> {
  try {
    await Deno.stat(`${out}/${name}.jsonl`);
    return await readJson(`${out}/${name}.json`) as Partial<Manifest>;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
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
  runs: readonly FigureRun[],
  store: RunStore,
): Promise<ReadonlySet<FigureRun>> {
  const { out, trainer, backend = figureBackend } = store;
  const packed = await packedManifests(out);
  const made = new Set<FigureRun>();
  for (const run of runs) {
    const manifest = await looseManifest(out, run.name) ?? packed.get(run.name);
    if (manifest?.determines === trainer.hashOf(run, backend)) made.add(run);
  }
  return made;
}

/**
 * The names of runs that are there, whatever determined them.
 *
 * @param runs The runs.
 * @param out The folder.
 * @returns Their names.
 */
export async function takenNames(runs: readonly FigureRun[], out: string): Promise<string[]> {
  const packed = await packedManifests(out);
  const names: string[] = [];
  for (const { name } of runs) {
    if (packed.has(name) || await exists(`${out}/${name}.json`)) names.push(name);
  }
  return names;
}

/**
 * Packs the runs of a figure if all of them are there.
 *
 * @param runs All runs of the figure.
 * @param store Where they are.
 * @returns Whether all are there, and so packed.
 */
export async function packFinished(runs: readonly FigureRun[], store: RunStore): Promise<boolean> {
  const made = await madeRuns(runs, store);
  if (made.size < runs.length) return false;
  await packRuns(store.out, runs.map(({ name }) => name));
  return true;
}
