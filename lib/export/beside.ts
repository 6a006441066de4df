// What lies beside the weights of a converted folder, held against its source: tokenizers, templates and settings are copied, and so
// have the same bytes; a description is what its model gives.

import { nameText } from "../core/excerpt.ts";
import { streamNorm } from "../convert/convert.ts";
import { companionsOf } from "../convert/companions.ts";
import { type OpenModel, openModel } from "../families/open.ts";
import { exists } from "../platform/files.ts";
import { sha256Of, sha256OfFile } from "../platform/hash.ts";
import { modelingFiles } from "./modeling.ts";

/** Documents and pictures for people, which engines do not read. */
const documents = /\.(?:md|png|jpe?g|gif|svg|webp|pdf)$|^(?:LICEN[CS]E|NOTICE)/i;

/** Files of a folder by their SHA-256. */
async function hashesIn(
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of names) {
    if (await exists(`${folder}/${name}`)) found.set(name, await sha256OfFile(`${folder}/${name}`));
  }
  return found;
}

/** What is missing, another or additional, each as a clause. */
function* differences(
  expected: ReadonlyMap<string, string>,
  actual: ReadonlyMap<string, string>,
): Generator<string> {
  for (const [name, hash] of expected) {
    const own = actual.get(name);
    if (own !== hash) yield `${nameText(name)} is ${own === undefined ? "missing" : "another"}`;
  }
  for (const name of actual.keys()) {
    if (!expected.has(name)) yield `${nameText(name)} is additional`;
  }
}

/** The files of a folder that a conversion copies. */
async function copiedIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = (await companionsOf(folder)).filter((name) => !documents.test(name));
  return await hashesIn(folder, names);
}

/**
 * Compares what lies beside the weights of two folders, where one conversion or more lie between them.
 *
 * @param source The source.
 * @param folder What was made of it.
 * @param steps How many conversions there were.
 * @returns What differs, each as a clause; nothing of a source that is no folder.
 */
export async function compareBeside(
  source: OpenModel,
  folder: OpenModel,
  steps: number,
): Promise<readonly string[]> {
  if (!await exists(`${source.path}/config.json`)) return [];
  using written = await openModel(folder.path); // as it says itself, whatever it was opened with
  const texts = Object.entries(modelingFiles(written));
  const described = await hashesIn(folder.path, texts.map(([name]) => name));
  const isDescribed = described.size > 0 ||
    (steps === 1 && streamNorm(source) !== streamNorm(folder));
  const descriptions = new Map(texts.map(([name, text]) => [name, sha256Of(text)]));
  // engines would load it with the model
  const adapter = await hashesIn(folder.path, ["adapter_config.json"]);
  return [
    ...differences(await copiedIn(source.path), await copiedIn(folder.path)),
    ...(isDescribed ? differences(descriptions, described) : []),
    ...differences(new Map(), adapter),
  ];
}
