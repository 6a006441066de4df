// Folders that a page is given: the browser's own, one that its user has picked, files that were dropped on it.

import { nameText } from "../core/excerpt.ts";
import { type FolderHandle, MemoryFile, MemoryFolder } from "./memory_folder.ts";
import { platform } from "./mod.ts";
import type { PageTree } from "./platform.ts";

/** Files by their names, in which slashes part folders: bytes, or files that a user has picked or dropped. */
export type NamedFiles = Iterable<readonly [name: string, content: Blob | Uint8Array]>;

/** The folder of some names below another, made where it is missing. */
function innerFolder(folder: MemoryFolder, names: readonly string[]): MemoryFolder {
  return names.reduce((around, name) => {
    const found = around.get(name);
    if (found instanceof MemoryFolder) return found;
    const made = new MemoryFolder();
    around.set(name, made);
    return made;
  }, folder);
}

function folderWith(files: NamedFiles): MemoryFolder {
  const folder = new MemoryFolder();
  for (const [name, content] of files) {
    const names = name.match(/[^/]+/g) ?? [""];
    if (names.some((part) => ["", ".", ".."].includes(part))) {
      throw new RangeError(`Cannot mount a file ${nameText(name)}: that is no name below a folder`);
    }
    const file = content instanceof Blob ? content : new Blob([content as Uint8Array<ArrayBuffer>]);
    innerFolder(folder, names.slice(0, -1)).set(names.at(-1)!, new MemoryFile(file));
  }
  return folder;
}

function treeOf(what: string): PageTree {
  if (platform.tree !== undefined) return platform.tree;
  const { name } = platform.runtime();
  throw new RangeError(`Cannot ${what}: it is for pages, and ${name} has the paths of its disk`);
}

/**
 * Gives a folder of a page a path, for every function that takes one. A page has no disk: what is written below other paths stays in
 * memory until the page is left.
 *
 * ```ts
 * import { mountFolder } from "@normkit/normkit/checkpoint";
 *
 * async function mountAll(picked: FileList): Promise<void> {
 *   await mountFolder("/kept", await navigator.storage.getDirectory()); // the page's own, which stays
 *   await mountFolder("/picked", Array.from(picked, (file) => [file.name, file])); // of <input type="file">
 *   await mountFolder("/made", [["config.json", new TextEncoder().encode("{}")]]);
 * }
 * ```
 *
 * @param path The path, from the top, such as `/kept`; there must be nothing yet.
 * @param folder A `FileSystemDirectoryHandle`, as `showDirectoryPicker()` gives one too, or files by their names.
 * @throws {RangeError} If there is something at the path, it or a file's name is none, or this is no page.
 */
export async function mountFolder(path: string, folder: FolderHandle | NamedFiles): Promise<void> {
  await treeOf(`mount ${path}`).mount(path, "kind" in folder ? folder : folderWith(folder));
}

/**
 * The files below a folder of a page, to be downloaded or kept.
 *
 * @param path The folder.
 * @returns The name of each, with slashes where it lies deeper, and its content, of which nothing is read yet.
 * @throws {RangeError} If this is no page.
 * @throws {DOMException} If there is no such folder.
 */
export async function* listFiles(path: string): AsyncGenerator<readonly [name: string, Blob]> {
  yield* treeOf(`list the files of ${path}`).files(path);
}
