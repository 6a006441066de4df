// Many runs in two files: `manifests.jsonl` has a line for each run, `rows.jsonl` a line with its name and then its rows. Figures that
// are finished are kept so: a run more or less is a block more or less, and no file more.

import { jsonText, parseJson, reviveNumber } from "../core/json.ts";
import { exists, writeAtomically } from "../platform/files.ts";
import { largestText, readLines } from "../platform/text_file.ts";
import { type Manifest, packedFiles, type Row, type RunRecord } from "./record.ts";

/** The most bytes of rows that a file may have: some four million rows. */
export const largestRows = 2 ** 28;

/** Reads the lines of a file as JSON; none where there is no file. */
export async function* readJsonLines(path: string, most: number): AsyncGenerator<unknown> {
  let number = 0;
  for await (const line of readLines(path, most)) {
    number++;
    if (line !== "") yield parseJson(line, `${path}, line ${number}`, reviveNumber);
  }
}

/**
 * The manifests of packed runs.
 *
 * @param folder The folder.
 * @returns The manifests by the names of their runs; none where nothing is packed.
 * @throws {SyntaxError} If a line is not JSON.
 * @throws {RangeError} If a line names no run.
 */
export async function packedManifests(folder: string): Promise<Map<string, Manifest>> {
  const path = `${folder}/${packedFiles.manifests}`;
  const manifests = new Map<string, Manifest>();
  if (!await exists(path)) return manifests;
  for await (const line of readJsonLines(path, largestText)) {
    const { run, ...manifest } = line as { run: string } & Manifest;
    if (typeof run !== "string") {
      throw new RangeError(`Cannot read ${path}: line ${manifests.size + 1} names no run`);
    }
    manifests.set(run, manifest);
  }
  return manifests;
}

/** The rows of packed runs, by the names of their runs. */
async function packedRows(folder: string): Promise<Map<string, Row[]>> {
  const path = `${folder}/${packedFiles.rows}`;
  const runs = new Map<string, Row[]>();
  let rows: Row[] | undefined;
  for await (const line of readJsonLines(path, largestRows)) {
    const { run } = line as { run?: string };
    if (run !== undefined) runs.set(run, rows = []);
    else if (rows !== undefined) rows.push(line as Row);
    else throw new RangeError(`Cannot read ${path}: its first line names no run`);
  }
  return runs;
}

/**
 * Reads packed runs.
 *
 * @param folder The folder.
 * @returns The records by name; none where nothing is packed. Rows without a manifest are none.
 * @throws {SyntaxError} If a line is not JSON; the message names it.
 * @throws {RangeError} If a run has no rows' line, or a file is too long.
 */
export async function readPackedRuns(folder: string): Promise<Map<string, RunRecord>> {
  const manifests = await packedManifests(folder);
  if (manifests.size === 0) return new Map();
  const rows = await packedRows(folder);
  return new Map(Array.from(manifests, ([name, manifest]) => {
    const own = rows.get(name);
    if (own !== undefined) return [name, { manifest, rows: own }];
    throw new RangeError(`Cannot read ${folder}: ${packedFiles.rows} has no rows of ${name}`);
  }));
}

type Runs = readonly (readonly [name: string, record: RunRecord])[];

const linesOf = (values: readonly unknown[]): string =>
  values.map((value) => `${jsonText(value)}\n`).join("");

async function writeManifests(folder: string, runs: Runs): Promise<void> {
  const lines = runs.map(([run, { manifest }]) => ({ run, ...manifest }));
  await writeAtomically(`${folder}/${packedFiles.manifests}`, linesOf(lines));
}

async function writeRows(folder: string, runs: Runs): Promise<void> {
  const path = `${folder}/${packedFiles.rows}`;
  const text = linesOf(runs.flatMap(([run, { rows }]) => [{ run }, ...rows]));
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > largestRows) {
    throw new RangeError(
      `Cannot write ${path}: it would have ${bytes.length} bytes, and at most ${largestRows} are read`,
    );
  }
  await writeAtomically(path, bytes);
}

/**
 * Writes packed runs beside those that are packed already; of one name the new one stays.
 *
 * A process that is killed at any moment leaves every run that was packed and is not among the new ones, and of the new ones all or
 * none.
 *
 * @param folder The folder; made where it is missing.
 * @param records The runs by name.
 * @throws {RangeError} If the rows would be too long to be read again, or a run has parameters beside it.
 */
export async function writePackedRuns(
  folder: string,
  records: ReadonlyMap<string, RunRecord>,
): Promise<void> {
  const weighty = [...records].find(([, { manifest }]) => manifest.weights !== undefined)?.[0];
  if (weighty !== undefined) {
    throw new RangeError(`Cannot pack the run ${weighty}: its parameters lie beside it`);
  }
  const packed = await readPackedRuns(folder);
  const byName = (runs: Iterable<readonly [string, RunRecord]>): Runs =>
    [...runs].sort(([a], [b]) => a < b ? -1 : 1);
  const all = byName(new Map([...packed, ...records]));
  const kept = byName([...packed].filter(([name]) => !records.has(name)));
  if (kept.length < packed.size) await writeManifests(folder, kept); // an old manifest never has new rows
  await writeRows(folder, all);
  await writeManifests(folder, all);
}
