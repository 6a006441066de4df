// Reading JSON files that others wrote: bounded in size and depth, refused by name where they are no JSON.

import { parseJson } from "../core/json.ts";
import { readTextFile } from "./text_file.ts";

/**
 * Reads a JSON file.
 *
 * @param path The file.
 * @returns Its value, which is for the caller to check.
 * @throws {RangeError} If it is longer than 100 MB, or no regular file.
 * @throws {SyntaxError} If it is not JSON, or more than 127 levels lie in each other.
 * @throws {Deno.errors.NotFound} If there is none.
 */
export async function readJson(path: string): Promise<unknown> {
  return parseJson(await readTextFile(path), path);
}
