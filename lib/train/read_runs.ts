// Recorded runs, read: those with files of their own, and those that are packed. And the way from the one to the other.

import { parseJson, reviveNumber } from "../core/json.ts";
import { exists } from "../platform/files.ts";
import { requireSha256 } from "../platform/hash.ts";
import { platform } from "../platform/mod.ts";
import { readTextFile } from "../platform/text_file.ts";
import { largestRows, readJsonLines, readPackedRuns, writePackedRuns } from "./packed_runs.ts";
import { type Manifest, removeManifest, type Row, type RunRecord } from "./record.ts";

async function readLooseRun(folder: string, name: string): Promise<RunRecord> {
  const path = `${folder}/${name}`;
  const rows: Row[] = [];
  for await (const row of readJsonLines(`${path}.jsonl`, largestRows)) rows.push(row as Row);
  const text = await readTextFile(`${path}.json`);
  const manifest = parseJson(text, `${path}.json`, reviveNumber) as Manifest;
  const weights = `${path}.safetensors`;
  if (manifest.weights !== undefined && await exists(weights)) {
    await requireSha256(weights, manifest.weights.sha256);
  }
  return { manifest, rows };
}

/**
 * The names of the runs that have files of their own. Rows without a manifest are what a killed process left, and no run.
 *
 * @param folder The folder.
 * @returns The names.
 */
export async function looseNames(folder: string): Promise<string[]> {
  const files = new Set<string>();
  for await (const { name } of platform.readDir(folder)) files.add(name);
  return [...files].filter((name) => name.endsWith(".jsonl"))
    .map((name) => name.slice(0, -".jsonl".length))
    .filter((name) => files.has(`${name}.json`));
}

/**
 * Reads a record that {@linkcode writeRun} wrote, or that was packed since.
 *
 * @param folder The folder.
 * @param name The run's name.
 * @returns The record.
 * @throws {SyntaxError} If a line or the manifest is not JSON; the message names file and line.
 * @throws {RangeError} If there are weights beside it that its manifest does not name, or a file is too long or no regular file.
 * @throws {Deno.errors.NotFound} If a file is missing.
 */
export async function readRun(folder: string, name: string): Promise<RunRecord> {
  return await readRunAmong(folder, name, readPackedRuns);
}

/**
 * {@linkcode readRun} for who reads many.
 *
 * @param folder The folder.
 * @param name The run's name.
 * @param packed Reads the packed runs of a folder, and may remember them.
 * @returns The record.
 */
export async function readRunAmong(
  folder: string,
  name: string,
  packed: typeof readPackedRuns,
): Promise<RunRecord> {
  if (!await exists(`${folder}/${name}.json`)) {
    const found = (await packed(folder)).get(name);
    if (found !== undefined) return found;
  }
  return await readLooseRun(folder, name);
}

/**
 * Reads every record of a folder: of runs that have files of their own, and of packed ones. Of one name the former is the newer.
 *
 * @param folder The folder.
 * @returns The records, in the order of their names.
 * @throws {RangeError} If the folder holds no record.
 * @throws {Deno.errors.NotFound} If the folder is missing.
 */
export async function readRuns(folder: string): Promise<RunRecord[]> {
  const runs = await runsByName(folder);
  if (runs.size === 0) {
    throw new RangeError(
      `Cannot read runs from ${folder}: it holds no .jsonl file with a manifest (.json)`,
    );
  }
  return [...runs.keys()].sort().map((name) => runs.get(name)!);
}

/**
 * Reads the records of a folder, by name, as {@linkcode readRuns} does. Another process may pack them meanwhile.
 *
 * @param folder The folder.
 * @param isMeant Which runs are meant; all by default.
 * @returns The records; none where it holds none.
 */
export async function runsByName(
  folder: string,
  isMeant: (name: string) => boolean = () => true,
): Promise<Map<string, RunRecord>> {
  const loose = new Map<string, RunRecord>();
  // one after the other: a sweep has more files than a process may open
  for (const name of (await looseNames(folder)).filter(isMeant)) {
    try {
      loose.set(name, await readLooseRun(folder, name));
    } catch (error) {
      if (platform.faultOf(error) !== "absent") throw error; // it is packed by now
    }
  }
  return new Map([...await readPackedRuns(folder), ...loose]);
}

/**
 * Packs runs that have files of their own, and removes these files.
 *
 * @param folder The folder.
 * @param names Their names; those that have no files are left out.
 * @throws {RangeError} If one has parameters beside it, or all together are too long.
 */
export async function packRuns(folder: string, names: readonly string[]): Promise<void> {
  const loose = (await looseNames(folder)).filter((name) => names.includes(name));
  if (loose.length === 0) return;
  const records = new Map<string, RunRecord>();
  for (const name of loose) records.set(name, await readLooseRun(folder, name));
  await writePackedRuns(folder, records);
  for (const name of loose) {
    await removeManifest(folder, name);
    await platform.remove(`${folder}/${name}.jsonl`);
  }
}
