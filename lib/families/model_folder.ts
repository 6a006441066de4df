// The folder that is meant by a path: the snapshot in a hub's cache; and what is said where there is no model.

import { excerpt } from "../core/excerpt.ts";
import { platform } from "../platform/mod.ts";
import { exists } from "../platform/files.ts";
import { withoutEnd } from "../platform/path.ts";
import { isRegular, readTextFile } from "../platform/text_file.ts";

/** A model's folder. */
export interface ModelFolder {
  /** Where it lies. */
  readonly path: string;
  /** How it was found, where that is to be said. */
  readonly notes: readonly string[];
}

async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of platform.readDir(path)) names.push(name);
  } catch {
    return []; // no folder, or none that may be read
  }
  return names.sort();
}

/**
 * The file of a run's byte pairs, where its tokens are such.
 *
 * @param path The run, without its ending.
 * @returns The path of its `tokenizer.json`.
 */
export const tokenizerOfRun = (path: string): string => `${path}.tokenizer.json`;

const hasModel = (path: string): Promise<boolean> => isRegular(`${path}/config.json`);

/** The snapshot of a model in a hub's cache: the one to which `refs/main` leads, or the only one. */
async function snapshotIn(path: string): Promise<string | undefined> {
  const snapshots = await namesIn(`${path}/snapshots`);
  const main = await isRegular(`${path}/refs/main`)
    ? (await readTextFile(`${path}/refs/main`, 1000)).trim()
    : undefined;
  const found = snapshots.length === 1 ? snapshots[0] : snapshots.find((name) => name === main);
  return found !== undefined && await hasModel(`${path}/snapshots/${found}`) ? found : undefined;
}

/**
 * Finds the folder of a model.
 *
 * @param path The folder, or that of the model in a hub's cache (`models--gpt2`).
 * @returns The folder; the path itself where nothing else is meant.
 */
export async function findModelFolder(path: string): Promise<ModelFolder> {
  if (await hasModel(path)) {
    const hasAdapter = await exists(`${path}/adapter_config.json`);
    const notes = hasAdapter
      ? ["adapter: the one beside the model is not merged into it, and is left out"]
      : [];
    return { path, notes };
  }
  const snapshot = await snapshotIn(path);
  if (snapshot === undefined) return { path, notes: [] };
  return {
    path: `${withoutEnd(path)}/snapshots/${snapshot}`,
    notes: [`folder: snapshots/${snapshot} of the hub's cache`],
  };
}

/** Folders in a folder that hold models. */
async function foldersIn(path: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const folder = `${path}/${name}`;
    if (await hasModel(folder) || await snapshotIn(folder) !== undefined) found.push(name);
    if (found.length === 3) break;
  }
  return found;
}

/**
 * Runs among files: weights that have a manifest beside them.
 *
 * @param names The names or paths of the files.
 * @returns Those of the runs, without ending.
 */
export function runsIn(names: readonly string[]): string[] {
  const weights = names.filter((name) => name.endsWith(".safetensors"));
  return weights.map((name) => name.slice(0, -".safetensors".length))
    .filter((name) => names.includes(`${name}.json`));
}

/** A clause on a file that was given in place of a model, by whether it is one of a run's. */
async function whatFile(path: string): Promise<string> {
  const run = path.replace(/\.(?:safetensors|jsonl?)$/, "");
  const isOfRun = await isRegular(`${run}.json`) && await isRegular(`${run}.safetensors`);
  return isOfRun
    ? `it is a file of a run; give ${run}`
    : "it is a file; give the folder that it is in";
}

/**
 * What is at a path that is no model's folder, and the way out.
 *
 * @param path The path.
 * @returns A clause; undefined where nothing can be said.
 */
export async function whatIsThere(path: string): Promise<string | undefined> {
  if (await isRegular(path)) return await whatFile(path);
  const names = await namesIn(path);
  if (names.includes("adapter_config.json")) {
    return "it has adapter_config.json, an adapter without its model: merge it into that, " +
      "model.merge_and_unload(), and save the result";
  }
  const models = [...await foldersIn(path, names), ...runsIn(names).slice(0, 3)];
  if (models.length > 0) return `there are models in it: ${models.map(excerpt).join(", ")}`;
  const weights = names.find((name) => /\.(?:safetensors|bin|pth?|gguf|h5)$/.test(name));
  return weights === undefined
    ? undefined
    : `it has ${weights} without config.json; fetch that from where the weights are from`;
}
