// Writing files and folders whole or not at all.

import { undoneAtEnd } from "./cleanup.ts";
import { platform } from "./mod.ts";
import { basename, dirname, withoutEnd } from "./path.ts";
import type { OpenFile } from "./platform.ts";
import { reasonOf, saysAbsent, unwritable } from "./system_error.ts";
import { holdTemporary, type Temporary, type TemporaryKind } from "./temporary.ts";

/** The error that says which folder cannot be written into, and why. */
function unusable(folder: string, cause: unknown): RangeError {
  if (cause instanceof RangeError) return cause; // it says so already
  return new RangeError(`Cannot write into the folder ${folder}: ${reasonOf(cause)}`, { cause });
}

/** Tries that a folder may take: one fails where another process takes away, as empty, what was made just then. */
const mostTries = 100;

/**
 * Does something again as long as it fails since something is absent: a folder that was made for it, and that another process removed
 * before there was anything in it.
 *
 * @param act Makes the folder, and puts something into it.
 * @returns What it gives.
 */
export async function untilThere<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await act();
    } catch (error) {
      if (platform.faultOf(error) !== "absent" || tries === mostTries) throw error;
    }
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
    await untilThere(() => platform.makeFolder(folder, { around: true }));
  } catch (error) {
    await remove();
    throw unusable(folder, error);
  }
  return { keep, remove };
}

/** A temporary name in a folder that was made for it where it was missing. */
interface Begun {
  readonly made: MadeFolders;
  readonly temporary: Temporary;
}

/** Makes an empty file or folder of a temporary name in a folder, which is made where it is missing. */
async function begin(folder: string, name: string, kind: TemporaryKind): Promise<Begun> {
  return await untilThere(async () => {
    const made = await makeFolder(folder);
    try {
      return { made, temporary: await holdTemporary(folder, name, kind) };
    } catch (error) {
      await made.remove();
      throw error;
    }
  });
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
  try {
    const { made, temporary } = await begin(dirname(path), basename(path), kind);
    using held = temporary;
    try {
      await make(held.path);
      const isFolder = kind === "folder";
      if (isFolder) await requireAbsent(path); // it may have come meanwhile
      await platform.rename(held.path, path).catch(async (error) => {
        if (isFolder) await requireAbsent(path); // or just now
        throw error;
      });
    } catch (error) {
      await platform.removeAll(held.path).catch(() => {});
      await made.remove();
      throw error;
    }
    made.keep();
  } catch (error) {
    throw unwritable(path, error);
  }
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
    return await createFile(path) ?? await platform.open(path, "write");
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Makes a file, which of several processes only one can.
 *
 * @param path The file.
 * @returns The open file; the caller closes it. Undefined where there is one already.
 */
export async function createFile(path: string): Promise<OpenFile | undefined> {
  return await platform.open(path, "create").catch((error) => {
    if (platform.faultOf(error) === "exists") return undefined;
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
  const { made, temporary } = await begin(folder, "try", "file").catch((error) => {
    throw unusable(folder, error);
  });
  using held = temporary;
  await platform.remove(held.path);
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
