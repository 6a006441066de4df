// Addresses of files for pages on the same disk.

import * as system from "node:path";
import { pathToFileURL } from "node:url";

/** Rules of a system's paths; `node:path` has those of this system and of both kinds. */
type PathRules = Pick<typeof system, "isAbsolute" | "relative" | "sep">;

/**
 * The address of a file or folder for a page elsewhere on the same disk.
 *
 * @param from The page's folder.
 * @param to The file or folder.
 * @param rules The system's rules.
 * @returns A relative URL, each name in it encoded; on another drive the whole one.
 */
export function addressBetween(from: string, to: string, rules: PathRules = system): string {
  const path = rules.relative(from, to);
  if (rules.isAbsolute(path)) return pathToFileURL(path, { windows: rules.sep === "\\" }).href;
  return path.split(rules.sep).map(encodeURIComponent).join("/");
}
