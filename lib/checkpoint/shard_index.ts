// The index of a checkpoint in several files: which tensor is in which of them, as transformers writes it.

import { readTextFile } from "../platform/text_file.ts";
import { excerpt } from "../core/excerpt.ts";
import { SafetensorsError } from "./error.ts";
import { type Json, parseJson } from "./json.ts";
import { compareTexts } from "./plan.ts";

/** The most bytes of an index: some 300 000 tensors of names as long as they are. */
const largestIndex = 32_000_000;

/** Longer than a path may be on any system, and short enough for a regular expression. */
const longestName = 4096;

/** A file's name inside the folder: nothing that leads out of it, on any system. */
const inside = /^(?!\.{1,2}(?:\/|$))[^/\\:\0]+(?:\/(?!\.{1,2}(?:\/|$))[^/\\:\0]+)*$/;

/**
 * Reads an index.
 *
 * @param path The file.
 * @returns The file of each tensor, by the tensors' names.
 * @throws {SafetensorsError} If it is not an index, or names a file outside its folder.
 */
export async function readIndex(path: string): Promise<ReadonlyMap<string, string>> {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new SafetensorsError(path, reason, { cause });
  };
  const text = await readTextFile(path, largestIndex);
  let root: Json;
  try {
    root = parseJson(text);
  } catch (cause) {
    return refuse(`it is not JSON: ${(cause as SyntaxError).message}`, cause);
  }
  const map = root instanceof Map ? root.get("weight_map") : undefined;
  if (!(map instanceof Map)) return refuse("it has no weight_map");
  for (const [name, file] of map) {
    if (typeof file !== "string" || file.length > longestName || !inside.test(file)) {
      const found = typeof file === "string" ? excerpt(file) : "no text";
      refuse(
        `the file of the tensor ${excerpt(name)} is ${found}, and must be one in the same folder`,
      );
    }
  }
  return map as ReadonlyMap<string, string>;
}

/**
 * The text of an index.
 *
 * @param files The file of each tensor, by the tensors' names.
 * @param totalBytes The bytes of all tensors.
 * @returns JSON with sorted names, indented by two spaces.
 */
export function indexText(files: ReadonlyMap<string, string>, totalBytes: number): string {
  const entries = [...files].sort(([a], [b]) => compareTexts(a, b))
    .map(([name, file]) => `    ${JSON.stringify(name)}: ${JSON.stringify(file)}`);
  const table = entries.length === 0 ? "{}" : `{\n${entries.join(",\n")}\n  }`;
  return `{\n  "metadata": {\n    "total_size": ${totalBytes}\n  },\n  "weight_map": ${table}\n}\n`;
}
