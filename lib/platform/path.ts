// Paths of this system, which users give: on Windows with `\`, and everywhere with letters that a URL encodes.

import { platform } from "./mod.ts";
import type { PathRules } from "./platform.ts";

/**
 * The last name of a path.
 *
 * @param path The path.
 * @returns The name, without separators.
 */
export const basename = (path: string): string => platform.paths().basename(path);

/**
 * The folder of a path's last name.
 *
 * @param path The path.
 * @returns The folder's path; `.` where there is but a name.
 */
export const dirname = (path: string): string => platform.paths().dirname(path);

/**
 * A path without separators at its end.
 *
 * @param path The path.
 * @param rules The system's rules.
 * @returns The path of the same file or folder; a root stays as it is.
 */
export function withoutEnd(path: string, rules: PathRules = platform.paths()): string {
  return rules.format(rules.parse(path));
}
