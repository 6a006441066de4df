// A `config.json` as text: numbers that nothing changed are written as they were read (1.0 stays 1.0, which other readers of the file
// tell from 1).

import { parseJson } from "../core/json.ts";
import { readTextFile } from "../platform/text_file.ts";
import type { Config } from "./family.ts";

/** Where a configuration keeps the text that it was read from; copies of the object carry it along. */
const source = Symbol("source of config.json");

type Sourced = Config & { readonly [source]?: string };

/** A string or a number of a JSON text. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * Reads a configuration.
 *
 * @param text The text of a `config.json`.
 * @param path Where it is from, for messages.
 * @returns The configuration.
 * @throws {SyntaxError} If it is not a JSON object.
 */
export function parseConfig(text: string, path: string): Config {
  const value = parseJson(text, path);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(`Cannot read ${path}: it is not a JSON object`);
  }
  return { ...value, [source]: text };
}

/** The most bytes of a configuration; the names of 20 000 classes, twice, take some two million. */
const largestConfig = 4_000_000;

/**
 * Reads the configuration in a file.
 *
 * @param path The file: a `config.json`, or the manifest of a run.
 * @returns The configuration.
 * @throws {SyntaxError} If it is not a JSON object.
 * @throws {RangeError} If it is longer than 4 MB, or no regular file.
 * @throws {Deno.errors.NotFound} If there is none.
 */
export async function readConfigFile(path: string): Promise<Config> {
  return parseConfig(await readTextFile(path, largestConfig), path);
}

/**
 * Writes a configuration.
 *
 * @param config The configuration, read or changed.
 * @returns The text of its `config.json`.
 */
export function configText(config: Config): string {
  const text = (config as Sourced)[source] ?? "{}";
  const plain: Config = JSON.parse(text);
  const all = JSON.stringify(config);
  let mark = "#"; // begins no string; a number as it was written is one that begins so
  while (all.includes(mark)) mark += "#";
  const original: Config = JSON.parse(
    text.replaceAll(token, (found) => found.startsWith('"') ? found : `"${mark}${found}"`),
  );
  const same = (key: string): boolean =>
    Object.hasOwn(plain, key) && JSON.stringify(plain[key]) === JSON.stringify(config[key]);
  const entries = Object.keys(config).map((key) => [key, same(key) ? original[key] : config[key]]);
  const marked = JSON.stringify(Object.fromEntries(entries), undefined, 2);
  return `${marked.replaceAll(new RegExp(`"${mark}([^"]*)"`, "g"), "$1")}\n`;
}
