// Where runs are: one that a path names, or all in a folder and the folders in it; done, or under way.

import { platform } from "../platform/mod.ts";
import { basename, dirname, withoutEnd } from "../platform/path.ts";
import { saysAbsent } from "../platform/system_error.ts";
import { packedManifests } from "./packed_runs.ts";
import { looseNames } from "./read_runs.ts";
import { tuningRun } from "./record.ts";
import { isUnderWay, underWay } from "./state_folder.ts";

/** Where a run is. */
export interface RunPlace {
  /** What tells it from others: its path from the folder that was named. */
  readonly name: string;
  /** The folder that its files are in. */
  readonly folder: string;
  /** What its files are called there, without their endings. */
  readonly run: string;
}

/** What a folder has; nothing where there is no such folder, or one that may not be read. */
async function orNone(names: Promise<string[]>): Promise<string[]> {
  try {
    return await names;
  } catch (error) {
    if (saysAbsent(error) || platform.faultOf(error) === "forbidden") return [];
    throw error;
  }
}

/** The names of the folders in a folder. */
async function foldersIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of platform.readDir(folder)) {
    if (isDirectory) names.push(name);
  }
  return names;
}

/** The names of the runs that are done, in files of their own and packed. */
async function namesDone(folder: string): Promise<string[]> {
  return [...await orNone(looseNames(folder)), ...(await packedManifests(folder)).keys()];
}

/** The names of the runs that are under way. */
async function namesUnderWay(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const states of [underWay.in(folder), underWay.beside(folder)]) {
    for (const name of await orNone(foldersIn(states))) {
      if (await isUnderWay(`${states}/${name}`)) names.push(name);
    }
  }
  return names;
}

const joined = (...parts: readonly string[]): string => parts.filter((one) => one !== "").join("/");

/** The runs in a folder and in the folders in it; a folder that is yet to be written has the states of its run beside it. */
async function* runsUnder(folder: string, path: string): AsyncGenerator<RunPlace> {
  // those under way first: one that ends meanwhile is then among those that are done
  const names = new Set([...await namesUnderWay(folder), ...await namesDone(folder)]);
  for (const run of [...names].sort()) {
    yield { name: joined(path, run === tuningRun ? "" : run) || run, folder, run };
  }
  const folders = (await orNone(foldersIn(folder))).map((name) =>
    name.replace(/\.unfinished$/, "")
  );
  for (const name of [...new Set(folders)].sort()) {
    if (name !== "unfinished") yield* runsUnder(`${folder}/${name}`, joined(path, name));
  }
}

/** Whether there is a run, done or under way. */
async function hasRun(folder: string, run: string): Promise<boolean> {
  return (await namesUnderWay(folder)).includes(run) || (await namesDone(folder)).includes(run);
}

/**
 * Finds runs.
 *
 * @param path A run by its folder and its name there, such as `runs/pre-ln`, or by one of its files; the folder of a model that was trained
 * further; or a folder with any of them, or with folders that have.
 * @param isAmong Whether it is one of several paths: runs in a folder then have its name before theirs.
 * @returns Where they are, in the order of their names.
 * @throws {RangeError} If there is none.
 */
export async function findRuns(path: string, isAmong = false): Promise<RunPlace[]> {
  const whole = withoutEnd(path.replace(/\.(?:jsonl?|safetensors)$/, ""));
  const [folder, run] = [dirname(whole), basename(whole)];
  if (await hasRun(folder, run)) return [{ name: run, folder, run }];
  if (await hasRun(whole, tuningRun)) return [{ name: run, folder: whole, run: tuningRun }];
  const found: RunPlace[] = [];
  for await (const place of runsUnder(whole, isAmong ? run : "")) found.push(place);
  if (found.length > 0) return found;
  throw new RangeError(
    `Cannot find a run at ${path}: there is no such run, nor one under way; a run is named by its folder and its variant, ` +
      "such as runs/pre-ln",
  );
}
