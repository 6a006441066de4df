// Files of a page: a tree in memory, in which folders of the browser's own (the origin's private file system, one that the user has picked)
// and files that were dropped on the page may be hung up.

import { Queue } from "../core/queue.ts";
import {
  fileError,
  type FileHandle,
  type FolderHandle,
  MemoryFolder,
  type WritableFile,
} from "./memory_folder.ts";
import type {
  Fault,
  Files,
  FolderEntry,
  OpenFile,
  PageTree,
  PathInfo,
  PathRules,
} from "./platform.ts";
import { tryLock } from "./page_locks.ts";
import { randomName } from "./random_name.ts";
import { writableOf } from "./writable_file.ts";

/** The last name of a path and what stands before it. */
const lastName = /^(.*?)\/*([^/]*)\/*$/;

/** Paths of a page: names between slashes. */
export const slashes: PathRules = {
  basename: (path) => lastName.exec(path)![2]!,
  dirname: (path) => lastName.exec(path)![1] || (path.startsWith("/") ? "/" : "."),
  parse: (path) => {
    const root = path.startsWith("/") ? "/" : "";
    const [, dir = "", base = ""] = lastName.exec(path)!;
    return { root, dir: dir || root, base };
  },
  format: ({ root, dir, base }) => dir === root ? `${dir}${base}` : `${dir}/${base}`,
};

/** The top of all paths of the page. */
const top: FolderHandle = new MemoryFolder();

/** The names that lead from the top to a path. */
function namesOf(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split(/\/+/)) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

/** What has been written into open files and is not kept yet, by what keeps it: the names that lead there. */
const unkept = new Map<() => Promise<void>, readonly string[]>();

/** Keeps what was written to a path and below it, so that whoever looks there finds it: browsers keep what is written when it is closed. */
async function keepWritten(path: string): Promise<void> {
  const names = namesOf(path);
  for (const [keep, of] of [...unkept]) {
    if (names.every((name, at) => name === of[at])) await keep();
  }
}

/** The folder of some names below the top. */
async function folderOf(names: readonly string[], create = false): Promise<FolderHandle> {
  let folder = top;
  for (const name of names) folder = await folder.getDirectoryHandle(name, { create });
  return folder;
}

/** Where a path's last name stands; the top stands nowhere. */
async function placeOf(path: string): Promise<{ folder: FolderHandle; name: string }> {
  const names = namesOf(path);
  const name = names.pop();
  if (name === undefined) throw fileError("NotAllowedError", "it is the top of all paths");
  await keepWritten(path);
  return { folder: await folderOf(names), name };
}

/** What is at a path. */
async function entryAt(path: string): Promise<FileHandle | FolderHandle> {
  if (namesOf(path).length === 0) return top;
  const { folder, name } = await placeOf(path);
  try {
    return await folder.getFileHandle(name);
  } catch (error) {
    if (!hasName(error, "TypeMismatchError")) throw error;
    return await folder.getDirectoryHandle(name);
  }
}

const hasName = (error: unknown, name: string): boolean =>
  (Object(error) as { readonly name?: unknown }).name === name;

async function fileAt(path: string, create = false): Promise<FileHandle> {
  const { folder, name } = await placeOf(path);
  return await folder.getFileHandle(name, { create });
}

async function open(path: string, mode: "read" | "write" | "create"): Promise<OpenFile> {
  if (mode === "create" && await entryAt(path).then(() => true, () => false)) {
    throw fileError("InvalidModificationError", "there is something of this name");
  }
  const handle = await fileAt(path, mode === "create");
  let content = await handle.getFile();
  let position = 0;
  let writing: WritableFile | undefined;
  let unlock: (() => void) | undefined;
  const turns = new Queue();
  const keep = (): Promise<void> =>
    turns.run(async () => {
      const written = writing;
      writing = undefined;
      await written?.close().finally(() => unkept.delete(keep));
      content = await handle.getFile();
    });
  const kept = async (): Promise<void> => {
    if (unkept.has(keep)) await keep();
  };
  const close = (): void => void kept().finally(unlock);
  return {
    read: async (buffer) => {
      await kept();
      const bytes = await content.slice(position, position + buffer.length).arrayBuffer();
      buffer.set(new Uint8Array(bytes));
      position += bytes.byteLength;
      return bytes.byteLength === 0 && buffer.length > 0 ? null : bytes.byteLength;
    },
    seek: (to) => void (position = to),
    write: (bytes) =>
      turns.run(async () => {
        writing ??= await writableOf(handle, true);
        unkept.set(keep, namesOf(path));
        await writing.write({ type: "write", position, data: bytes as Uint8Array<ArrayBuffer> });
        position += bytes.length;
      }),
    sync: keep,
    size: async () => {
      await kept();
      return content.size;
    },
    lock: () => Promise.resolve(), // nobody waits where locks() is false
    tryLock: async () => (unlock ??= await tryLock(handle)) !== undefined,
    close,
    [Symbol.dispose]: close,
  };
}

async function writeFile(path: string, content: string | Uint8Array): Promise<void> {
  const writing = await writableOf(await fileAt(path, true), false);
  await writing.write({ type: "write", position: 0, data: content as string });
  await writing.close();
}

async function infoAt(path: string): Promise<PathInfo> {
  const entry = await entryAt(path);
  const isFile = entry.kind === "file";
  const size = isFile ? (await entry.getFile()).size : 0;
  return { isFile, isDirectory: !isFile, isFifo: false, isSocket: false, size };
}

async function* readDir(path: string): AsyncGenerator<FolderEntry> {
  const folder = await folderOf(namesOf(path));
  for await (const [name, { kind }] of folder.entries()) {
    yield { name, isFile: kind === "file", isDirectory: kind === "directory" };
  }
}

/** Copies what a file or a folder holds to a place where nothing is. */
async function copy(
  entry: FileHandle | FolderHandle,
  folder: FolderHandle,
  name: string,
): Promise<void> {
  if (entry.kind === "file") {
    const made = await folder.getFileHandle(name, { create: true });
    const writing = await writableOf(made, false);
    await writing.write({ type: "write", position: 0, data: await entry.getFile() });
    return await writing.close();
  }
  const made = await folder.getDirectoryHandle(name, { create: true });
  for await (const [name, inner] of entry.entries()) await copy(inner, made, name);
}

/** Renames at once in memory, and where the browser can; else what is there is copied first. */
async function rename(from: string, to: string): Promise<void> {
  const entry = await entryAt(from);
  const [source, target] = [await placeOf(from), await placeOf(to)];
  if (source.folder instanceof MemoryFolder && target.folder instanceof MemoryFolder) {
    target.folder.set(target.name, entry);
  } else if (entry.kind === "file" && entry.move !== undefined) {
    return await entry.move(target.folder, target.name);
  } else {
    await copy(entry, target.folder, target.name);
  }
  await source.folder.removeEntry(source.name, { recursive: true });
}

async function remove(path: string, recursive: boolean): Promise<void> {
  const { folder, name } = await placeOf(path);
  await folder.removeEntry(name, { recursive });
}

async function makeFolder(path: string, { around } = { around: false }): Promise<void> {
  if (around) return void await folderOf(namesOf(path), true);
  const { folder, name } = await placeOf(path);
  if (await entryAt(path).then(() => true, () => false)) {
    throw fileError("InvalidModificationError", "there is something of this name");
  }
  await folder.getDirectoryHandle(name, { create: true });
}

/** What the names of a browser's errors say. */
const faults: Readonly<Record<string, Fault>> = {
  NotFoundError: "absent",
  TypeMismatchError: "no-folder",
  InvalidModificationError: "exists",
  NotAllowedError: "forbidden",
  SecurityError: "forbidden",
  NoModificationAllowedError: "forbidden",
};

/** The files of a page. */
export const browserFiles: Files = {
  open,
  writeFile,
  readResource: async (address) => {
    const response = await fetch(address);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    throw fileError("NotFoundError", `Cannot read ${address}: its server says ${response.status}`);
  },
  stat: infoAt,
  lstat: infoAt,
  readLink: (path) => Promise.reject(fileError("NotFoundError", `${path} is no link`)),
  readDir,
  makeFolder,
  makeTemporaryFolder: async (prefix) => {
    const path = `/tmp/${prefix}${randomName()}`;
    await makeFolder(path, { around: true });
    return path;
  },
  rename,
  copyFile: async (from, to) => {
    const { folder, name } = await placeOf(to);
    await copy(await fileAt(from), folder, name);
  },
  remove: (path) => remove(path, false),
  removeAll: (path) => remove(path, true),
  removeAllNow: () => {}, // nothing outlives a page but what it wrote for good
  removeEmpty: (path) => remove(path, false),
  removeEmptyNow: () => {},
  faultOf: (error) => error instanceof DOMException ? faults[error.name] : undefined,
  locks: () => false,
  errorOf: (fault, message, options) =>
    Object.assign(
      fileError(fault === "absent" ? "NotFoundError" : "NotAllowedError", message),
      options,
    ),
};

async function* filesIn(
  folder: FolderHandle,
  above: string,
): AsyncGenerator<readonly [string, Blob]> {
  for await (const [name, entry] of folder.entries()) {
    if (entry.kind === "file") yield [`${above}${name}`, await entry.getFile()];
    else yield* filesIn(entry, `${above}${name}/`);
  }
}

/** The tree in which those files lie. */
export const pageTree: PageTree = {
  mount: async (path, folder) => {
    const refuse = (why: string): never => {
      throw new RangeError(`Cannot mount ${path}: ${why}`);
    };
    if (!path.startsWith("/") || namesOf(path).length === 0) {
      refuse("it must be a path from the top, such as /models");
    }
    if (await entryAt(path).then(() => true, () => false)) refuse("there is something already");
    const names = namesOf(path);
    const around = await folderOf(names.slice(0, -1), true);
    if (!(around instanceof MemoryFolder)) return refuse("it lies in a folder of the browser's");
    around.set(names.at(-1)!, folder);
  },
  files: async function* (path) {
    await keepWritten(path);
    yield* filesIn(await folderOf(namesOf(path)), "");
  },
};
