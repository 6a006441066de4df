// The model among files that a user gives: what was dropped may be one folder, the files of one, or a run.

import { runsIn } from "../../../families/model_folder.ts";

/**
 * The model among files.
 *
 * @param paths Where the files are.
 * @returns The folder of its configuration, the only run without its ending, or the folder in which all begins; `""` where there is none.
 */
export function modelIn(paths: readonly string[]): string {
  const [config] = paths.filter((path) => /(?:^|\/)config\.json$/.test(path))
    .sort((a, b) => a.length - b.length);
  if (config !== undefined) return config.replace(/\/?config\.json$/, "");
  const runs = runsIn(paths);
  return runs.length === 1 ? runs[0]! : /^[^/]+(?=\/)/.exec(paths[0] ?? "")?.[0] ?? "";
}

/** The name that Hugging Face's cache gives to the content of a file. */
const blob = /(?:^|\/)blobs\/[\da-f]{40,64}$/;

/**
 * Why there is no model among files of Hugging Face's cache: its names are links, which browsers leave out.
 *
 * @param paths Where the files are.
 * @returns What to do, or undefined where the files are of no such folder, or have their names.
 */
export function linksLeftOut(paths: readonly string[]): string | undefined {
  if (
    !paths.some((path) => blob.test(path)) || paths.some((path) => path.endsWith("config.json"))
  ) {
    return undefined;
  }
  return "This is a folder of Hugging Face's cache: in it the names of a model's files are links, which browsers leave out. " +
    "Copy the files behind them, cp -rL models--NAME/snapshots/REVISION model, and drop the folder model";
}

/**
 * A text about files without the place at which the page holds them.
 *
 * @param text What the library says.
 * @param place The folder in which all files were put, such as `/model-3`.
 * @returns The text with the paths that the user gave.
 */
export function withoutPlace(text: string, place: string): string {
  const start = `(?<![\\w./-])${place}`;
  return text.replaceAll(new RegExp(`${start}/`, "g"), "")
    .replaceAll(new RegExp(`${start}(?![\\w-])`, "g"), "the given files");
}
