// A `config.json` as text: numbers that nothing changed are written as they were read (1.0 stays 1.0, which other readers of the file
// tell from 1).

import { parseJson } from "../core/json.ts";
import { readTextFile } from "../platform/text_file.ts";
import type { Config } from "./family.ts";

/** Where a configuration keeps the text that it was read from; copies of the object carry it along. */
const source = Symbol("source of config.json");

type Sourced = Config & { readonly [source]?: string };

interface RawJson {
  rawJSON(text: string): unknown;
  parse(
    text: string,
    revive: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
}

/** What TypeScript does not know of JSON yet. */
const json = JSON as unknown as RawJson;

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
  const text = (config as Sourced)[source];
  const original = text === undefined ? {} : json.parse(
    text,
    (_, value, { source }) => typeof value === "number" ? json.rawJSON(source!) : value,
  ) as Config;
  const plain: Config = text === undefined ? {} : JSON.parse(text);
  const same = (key: string): boolean =>
    Object.hasOwn(plain, key) && JSON.stringify(plain[key]) === JSON.stringify(config[key]);
  const entries = Object.keys(config).map((key) => [key, same(key) ? original[key] : config[key]]);
  return `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`;
}
