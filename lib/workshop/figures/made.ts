// Which runs of a figure are there already, and the figure packed when all are.

import { exists } from "../../platform/files.ts";
import { readJson } from "../../platform/json_file.ts";
import type { Corpus } from "../../train/corpus.ts";
import { determined } from "../../train/determinants.ts";
import { packedManifests } from "../../train/packed_runs.ts";
import { packRuns } from "../../train/read_runs.ts";
import type { Manifest } from "../../train/record.ts";
import type { FigureRun } from "./figure.ts";
import { type Kept, keptOf } from "./run.ts";

/** The tfjs backend on which runs of figures are made. */
export const figureBackend = "wasm";

/** Where runs are, and what determines them beside what each says of itself. */
export interface RunStore extends Kept {
  /** The folder. */
  readonly out: string;
  /** The text. */
  readonly corpus: Corpus;
  /** The tfjs backend; that of figures by default. */
  readonly backend?: string;
}

/**
 * The hash of all that determines a run of a figure.
 *
 * @param run The run.
 * @param store The text, and what is kept of the runs.
 * @returns What `determines` is in the manifest of a run that is the one meant.
 */
export function hashOfRun(run: FigureRun, store: Omit<RunStore, "out">): string {
  const { settings, residual, form } = run;
  const { corpus, backend = figureBackend } = store;
  return determined({ settings, corpus, backend, residual, form, probes: keptOf(store) })
    .determines;
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
  const packed = await packedManifests(store.out);
  const made = new Set<FigureRun>();
  for (const run of runs) {
    const manifest = await looseManifest(store.out, run.name) ?? packed.get(run.name);
    if (manifest?.determines === hashOfRun(run, store)) made.add(run);
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
