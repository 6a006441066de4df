// Temporary names beside what is being written. Each is locked while its process lives, so that what a killed process left is known
// and removed by the next one. Windows cannot lock a folder: there nothing is locked, and leftovers stay.

import { undoneAtEnd } from "./cleanup.ts";

/** What a temporary name stands for. */
export type TemporaryKind = "file" | "folder";

const suffix = ".normkit.tmp";
const pattern = /\.[0-9a-f]{8}\.normkit\.tmp$/;
const canLock = Deno.build.os !== "windows";

async function create(path: string, kind: TemporaryKind): Promise<void> {
  if (kind === "folder") await Deno.mkdir(path);
  else (await Deno.open(path, { write: true, createNew: true })).close();
}

/** Locks a file or folder; undefined where it is gone. A file system without locks leaves it unlocked, and its leftovers alone. */
async function lock(path: string): Promise<Disposable | undefined> {
  if (!canLock) return { [Symbol.dispose]: () => {} };
  try {
    const file = await Deno.open(path, { read: true });
    await file.lock(true).catch(() => {});
    if (await Deno.lstat(path).then(() => true, () => false)) return file;
    file.close();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function removeUnlocked(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { read: true });
    if (await file.tryLock(true)) await Deno.remove(path, { recursive: true });
  } catch { /* it is another's, or gone: the next process may look again */ }
}

/**
 * Removes temporary files and folders that killed processes left: those with such a name that no living process has locked.
 *
 * @param folder Where to look; what is deeper stays.
 */
async function removeLeftovers(folder: string): Promise<void> {
  if (!canLock) return;
  for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
    if (pattern.test(name) && (isFile || isDirectory)) await removeUnlocked(`${folder}/${name}`);
  }
}

/**
 * Makes something under a temporary name. It is removed where that fails, where a signal ends the process, and by the next process
 * that writes into the folder where this one is killed.
 *
 * @param folder The folder; it exists.
 * @param name The name that it is to have, for the temporary one.
 * @param kind What is made; it is there, empty, when `make` starts.
 * @param make Fills it, and moves it where it belongs.
 */
export async function withTemporary(
  folder: string,
  name: string,
  kind: TemporaryKind,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  await removeLeftovers(folder);
  const path = `${folder}/${name}.${crypto.randomUUID().slice(0, 8)}${suffix}`;
  using _undo = undoneAtEnd(() => Deno.removeSync(path, { recursive: true }));
  await create(path, kind);
  try {
    using held = await lock(path);
    if (held === undefined) await create(path, kind); // another process took it for a leftover
    await make(path);
  } catch (error) {
    await Deno.remove(path, { recursive: true }).catch(() => {});
    throw error;
  }
}
