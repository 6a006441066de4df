// Writing files and folders whole or not at all.

import { undoneAtEnd } from "./cleanup.ts";
import { platform } from "./mod.ts";
import { basename, dirname, withoutEnd } from "./path.ts";
import type { OpenFile } from "./platform.ts";
import { reasonOf, saysAbsent, unwritable } from "./system_error.ts";
import { type TemporaryKind, withTemporary } from "./temporary.ts";

/** Does what only a folder allows that can be written into; where it fails, the error says which folder and why. */
async function writing(folder: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    throw new RangeError(`Cannot write into the folder ${folder}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** Folders that were made where they were missing; a signal that ends the process removes those in which nothing is. */
interface MadeFolders {
  /** They stay. */
  keep(): void;
  /** Removes them as far as they are empty. */
  remove(): Promise<void>;
}

/** Makes a folder and those around it where they are missing. */
async function makeFolder(folder: string): Promise<MadeFolders> {
  const missing: string[] = []; // the innermost first
  const atRoot = (path: string): boolean => path === dirname(path); // of a drive that is not there
  for (let path = folder; !atRoot(path) && !await exists(path); path = dirname(path)) {
    missing.push(path);
  }
  const undo = undoneAtEnd(() => missing.forEach(platform.removeEmptyNow));
  const keep = (): void => undo[Symbol.dispose]();
  const remove = async (): Promise<void> => {
    keep();
    for (const one of missing) await platform.removeEmpty(one).catch(() => {});
  };
  try {
    await writing(folder, () => platform.makeFolder(folder, { around: true }));
  } catch (error) {
    await remove();
    throw error;
  }
  return { keep, remove };
}

/**
 * Makes something under a temporary name beside its own, and renames it.
 *
 * @param path Its own name; the folder is made where it is missing.
 * @param kind What it is.
 * @param make Makes it under the name that it is given. Where it fails, what it made is removed.
 */
async function makeBeside(
  path: string,
  kind: TemporaryKind,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  const made = await makeFolder(folder);
  try {
    await withTemporary(folder, basename(path), kind, async (temporary) => {
      await make(temporary);
      const isFolder = kind === "folder";
      if (isFolder) await requireAbsent(path); // it may have come meanwhile
      await platform.rename(temporary, path).catch(async (error) => {
        if (isFolder) await requireAbsent(path); // or just now
        throw error;
      });
    });
  } catch (error) {
    await made.remove();
    throw unwritable(path, error);
  }
  made.keep();
}

/**
 * Writes a file through a temporary one beside it, so that a reader never sees half of it.
 *
 * @param path The file; its folder is made where it is missing.
 * @param content Text or bytes.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await makeBeside(path, "file", async (temporary) => {
    await platform.writeFile(temporary, content);
  });
}

/**
 * Opens a file to write into it as it is, such as one to which lines are appended.
 *
 * @param path The file; it is made where it is missing.
 * @returns The open file; the caller closes it.
 * @throws {Error} If it cannot be opened; the message says why.
 */
export async function openInPlace(path: string): Promise<OpenFile> {
  try {
    return await platform.open(path, await exists(path) ? "write" : "create");
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Makes a file, which of several processes only one can.
 *
 * @param path The file.
 * @returns The open file; the caller closes it. Undefined where there is one already, or no folder for it.
 */
export async function createFile(path: string): Promise<OpenFile | undefined> {
  return await platform.open(path, "create").catch((error) => {
    if (["exists", "absent"].includes(platform.faultOf(error) ?? "")) return undefined;
    throw error;
  });
}

/**
 * Whether a process of this machine has locked a file.
 *
 * @param path The file; it is there.
 * @returns Whether one has.
 */
export async function isLocked(path: string): Promise<boolean> {
  using file = await platform.open(path, "write");
  return !await file.tryLock();
}

/** Windows keeps its folders on the disk by itself, and syncs only what is open for writing. */
const isWindows = (): boolean => platform.system() === "windows";

/** Waits until a file or a folder's list of names is on the disk. */
async function sync(path: string): Promise<void> {
  using file = await platform.open(path, isWindows() ? "write" : "read");
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  if (!isWindows() && platform.system() !== "browser") await sync(folder);
}

/** Waits until all that is in a folder is on the disk. */
async function syncAll(folder: string): Promise<void> {
  for await (const { name, isFile, isDirectory } of platform.readDir(folder)) {
    if (isFile) await sync(`${folder}/${name}`);
    if (isDirectory) await syncAll(`${folder}/${name}`);
  }
  await syncFolder(folder);
}

/**
 * Writes a file piece by piece, as {@linkcode writeAtomically} does, and waits until it is on the disk. A process that is killed
 * at any moment leaves the file as it was, or complete, and perhaps a temporary one beside it, which the next write into the folder removes.
 *
 * @param path The file; its folder is made where it is missing.
 * @param fill Writes to the open file.
 */
export async function writeStream(
  path: string,
  fill: (file: OpenFile) => Promise<void>,
): Promise<void> {
  await makeBeside(path, "file", async (temporary) => {
    using file = await platform.open(temporary, "write");
    await fill(file);
    await file.sync();
  });
  await syncFolder(dirname(path));
}

/**
 * Writes a new folder through a temporary one beside it, and waits until it is on the disk. A process that is killed at any moment
 * leaves no folder of this name or a complete one, and perhaps a temporary one beside it, which the next write there removes.
 *
 * @param path The folder; the one around it is made where it is missing.
 * @param fill Writes files into the temporary folder, whose path it is given.
 * @throws {RangeError} If there is something of this name already.
 */
export async function writeFolder(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = withoutEnd(path);
  if (await exists(target)) {
    throw new RangeError(`Cannot write the folder ${target}: it must not exist yet`);
  }
  await makeBeside(target, "folder", async (temporary) => {
    await fill(temporary);
    await syncAll(temporary);
  });
  await syncFolder(dirname(target));
}

/**
 * Whether there is a file, a folder or a link.
 *
 * @param path Its path.
 * @returns Whether it is there.
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await platform.lstat(path);
    return true;
  } catch (error) {
    if (saysAbsent(error) || platform.faultOf(error) === "link-circle") return false;
    throw error;
  }
}

/**
 * Requires a name that nothing has yet: no file, no folder, no link, no device.
 *
 * @param path The path, with slashes at its end or without.
 * @throws {RangeError} If there is something.
 */
export async function requireAbsent(path: string): Promise<void> {
  const target = withoutEnd(path);
  if (await exists(target)) throw new RangeError(`Cannot write to ${target}: it exists already`);
}

/**
 * Makes a folder where it is missing, and proves that files can be written into it.
 *
 * @param path The folder.
 * @returns Disposed of, it removes the folders that it made, as far as they are empty.
 * @throws {RangeError} If no file can be written into it; the message says why.
 */
export async function prepareFolder(path: string): Promise<AsyncDisposable> {
  const folder = withoutEnd(path);
  const made = await makeFolder(folder);
  const remove = (temporary: string): Promise<void> => platform.remove(temporary);
  try {
    await writing(folder, () => withTemporary(folder, "try", "file", remove));
  } catch (error) {
    await made.remove();
    throw error;
  }
  return { [Symbol.asyncDispose]: made.remove };
}

/**
 * Removes a file, if there is one.
 *
 * @param path The file.
 */
export async function removeIfThere(path: string): Promise<void> {
  await platform.remove(path).catch((error) => {
    if (platform.faultOf(error) !== "absent") throw error;
  });
}
