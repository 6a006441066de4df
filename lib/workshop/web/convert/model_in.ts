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
