// Which files of a folder hold a checkpoint: `model.safetensors` or what an index names, and where neither is there what can only be
// meant by the files that are.

import { platform } from "../platform/mod.ts";
import { foreignWeights } from "./foreign.ts";
import { compareTexts } from "./plan.ts";

/** The files of a checkpoint. */
export interface Located {
  /** The index that names them, or they themselves. */
  readonly files: { readonly index: string } | { readonly shards: readonly string[] };
  /** What was taken in the place of what a folder usually has. */
  readonly mended: readonly string[];
}

const numbered = /^(.*)-(\d{5})-of-(\d{5})\.safetensors$/;

/** Files that are numbered as the parts of one checkpoint, by what they have in common, each with how many there must be. */
function partsIn(names: readonly string[]): ReadonlyMap<string, { parts: string[]; of: number }> {
  const found = new Map<string, { parts: string[]; of: number }>();
  for (const name of names) {
    const [, stem, , of] = numbered.exec(name) ?? [];
    if (stem === undefined || /^adapter/.test(stem)) continue;
    const key = `${stem}-*-of-${of}.safetensors`;
    const entry = found.get(key) ?? { parts: [], of: Number(of) };
    entry.parts.push(name);
    found.set(key, entry);
  }
  return found;
}

/** The checkpoints in a folder under other names than usual, by what they are called. */
function othersIn(names: readonly string[]): Map<string, Located["files"]> {
  const index = /^model\.safetensors\.index\.[\w-]+\.json$/;
  const others = new Map<string, Located["files"]>();
  for (const name of names) {
    if (index.test(name)) others.set(name, { index: name });
    if (/^model\.[\w-]+\.safetensors$/.test(name) && !numbered.test(name)) {
      others.set(name, { shards: [name] });
    }
  }
  if ([...others.values()].some((files) => "index" in files)) return others; // it names the numbered ones
  for (const [key, { parts, of }] of partsIn(names)) {
    if (parts.length === of) others.set(key, { shards: parts });
  }
  return others;
}

/** What keeps a folder from being opened. */
function reason(names: readonly string[], others: readonly string[]): string {
  if (others.length > 1) {
    return `it has ${others.join(" and ")}: call the one that is meant model.safetensors`;
  }
  for (const [key, { parts, of }] of partsIn(names)) {
    return `of the ${of} files ${key} it has ${parts.length}: fetch the others, and the index`;
  }
  return foreignWeights(names);
}

/**
 * Finds a checkpoint in a folder.
 *
 * @param folder The folder.
 * @returns Its files, and what was taken for them where there is neither `model.safetensors` nor its index.
 * @throws {Deno.errors.NotFound} If there is none, or more than one could be meant; the message says what is there instead.
 */
export async function locateCheckpoint(folder: string): Promise<Located> {
  const names: string[] = [];
  for await (const { name } of platform.readDir(folder)) names.push(name);
  names.sort(compareTexts);
  const [single, index] = ["model.safetensors", "model.safetensors.index.json"];
  if (names.includes(single)) return { files: { shards: [single] }, mended: [] };
  if (names.includes(index)) return { files: { index }, mended: [] };
  const others = othersIn(names);
  const [only, ...more] = others;
  if (only !== undefined && more.length === 0) {
    return { files: only[1], mended: [`weights: ${only[0]}, in the place of ${single}`] };
  }
  throw platform.errorOf(
    "absent",
    `Cannot open ${folder}: it has neither ${single} nor ${index}; ${
      reason(names, [...others.keys()])
    }`,
  );
}
