// The files in a folder and in the folders in it.

import { collect } from "../core/collections.ts";
import { platform } from "./mod.ts";
import { isRegular } from "./text_file.ts";

/** The names in a folder in the order of their code units; hidden ones, such as `.DS_Store`, are left out. */
async function namesIn(folder: string): Promise<string[]> {
  const entries = await collect(platform.readDir(folder));
  return entries.map(({ name }) => name).filter((name) => !name.startsWith(".")).sort();
}

/**
 * The folders in a folder; links to folders are such, as where some classes of a larger set are put together.
 *
 * @param folder The folder.
 * @returns Their names, in the order of their code units, without hidden ones.
 * @throws {Deno.errors.NotFound} If there is no such folder.
 */
export async function foldersIn(folder: string): Promise<string[]> {
  const names = [];
  for (const name of await namesIn(folder)) {
    const isFolder = platform.stat(`${folder}/${name}`).then(({ isDirectory }) => isDirectory);
    if (await isFolder.catch(() => false)) names.push(name);
  }
  return names;
}

/**
 * The files in a folder, at any depth, that have one of some endings. Links to files are files; links to folders are not followed, since
 * they may lead in a circle.
 *
 * @param folder The folder.
 * @param endings The endings, such as `.txt`, in small letters; capitals will do as well.
 * @returns Their paths, in the order of their names, without hidden ones.
 * @throws {Deno.errors.NotFound} If there is no such folder.
 */
export async function filesUnder(folder: string, endings: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const name of await namesIn(folder)) {
    const path = `${folder}/${name}`;
    const fits = endings.some((ending) => name.toLowerCase().endsWith(ending));
    if ((await platform.lstat(path)).isDirectory) {
      for (const inner of await filesUnder(path, endings)) paths.push(inner);
    } else if (fits && await isRegular(path)) paths.push(path);
  }
  return paths;
}
