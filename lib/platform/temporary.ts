// Temporary names beside what is being written. Each is locked while its process lives, so that what a killed process left is known
// and removed by the next one. Windows cannot lock a folder, and Node nothing: there the name says so, and leftovers stay.

import { undoneAtEnd } from "./cleanup.ts";
import { platform } from "./mod.ts";
import { randomName } from "./random_name.ts";

/** What a temporary name stands for. */
export type TemporaryKind = "file" | "folder";

/** How names end that are locked, and those that are not, which look as if nobody held them. */
const [locked, unlocked] = [".normkit.tmp", ".normkit.unlocked.tmp"];
const pattern = /\.[0-9a-f]{8}\.normkit\.tmp$/;

async function create(path: string, kind: TemporaryKind): Promise<void> {
  if (kind === "folder") await platform.makeFolder(path);
  else (await platform.open(path, "create")).close();
}

/** Locks a file or folder; undefined where it is gone. A file system without locks leaves it unlocked, and its leftovers alone. */
async function lock(path: string): Promise<Disposable | undefined> {
  if (!platform.locks()) return { [Symbol.dispose]: () => {} };
  try {
    const file = await platform.open(path, "read");
    await file.lock().catch(() => {});
    if (await platform.lstat(path).then(() => true, () => false)) return file;
    file.close();
    return undefined;
  } catch (error) {
    if (platform.faultOf(error) === "absent") return undefined;
    throw error;
  }
}

/** Removes what a signal leaves half made. While it is emptied, a write under way may still put something into a folder: then again. */
function removeNow(path: string): void {
  for (let tries = 0; tries < 10; tries++) {
    try {
      return platform.removeAllNow(path);
    } catch { /* not empty any more, or gone */ }
  }
}

async function removeUnlocked(path: string): Promise<void> {
  try {
    using file = await platform.open(path, "read");
    if (await file.tryLock()) await platform.removeAll(path);
  } catch { /* it is another's, or gone: the next process may look again */ }
}

/**
 * Removes temporary files and folders that killed processes left: those with such a name that no living process has locked.
 *
 * @param folder Where to look; what is deeper stays.
 */
async function removeLeftovers(folder: string): Promise<void> {
  if (!platform.locks()) return;
  for await (const { name, isFile, isDirectory } of platform.readDir(folder)) {
    if (pattern.test(name) && (isFile || isDirectory)) await removeUnlocked(`${folder}/${name}`);
  }
}

/** A temporary name that this process holds; disposed of, it is given back. */
export interface Temporary extends Disposable {
  /** What has the name. */
  readonly path: string;
}

/**
 * Makes an empty file or folder of a temporary name. It is removed where a signal ends the process, and by the next process that writes
 * into the folder where this one is killed.
 *
 * @param folder The folder; it exists.
 * @param name The name that it is to have, for the temporary one.
 * @param kind What is made.
 * @returns The name. Another one is taken for each that another process took for a leftover before it was locked.
 */
export async function holdTemporary(
  folder: string,
  name: string,
  kind: TemporaryKind,
): Promise<Temporary> {
  await removeLeftovers(folder);
  for (;;) {
    const path = `${folder}/${name}.${randomName()}${platform.locks() ? locked : unlocked}`;
    const undo = undoneAtEnd(() => removeNow(path));
    const held = await create(path, kind).then(() => lock(path)).catch((error) => {
      undo[Symbol.dispose]();
      throw error;
    });
    const giveBack = (): void => {
      undo[Symbol.dispose]();
      held?.[Symbol.dispose]();
    };
    if (held !== undefined) return { path, [Symbol.dispose]: giveBack };
    giveBack();
  }
}
