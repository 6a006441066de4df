// Locks of a page's files: other tabs of a site, and its workers, see the same files of its own.

import { type FileHandle, MemoryFile } from "./memory_folder.ts";

/** The names that lead to a file from the top of the site's own files; null where it is none of them. */
async function namesOf(file: FileHandle): Promise<readonly string[] | null> {
  if (file instanceof MemoryFile || navigator.locks === undefined) return null;
  const own = await navigator.storage.getDirectory();
  return await own.resolve(file as unknown as FileSystemFileHandle);
}

/**
 * Locks a file, unless another tab or worker has. Files in memory are this page's alone, and of those that a user has picked nobody
 * can tell who has them: they are not locked.
 *
 * @param file The file.
 * @returns What ends the lock, as the end of the page does; undefined where another has it.
 */
export async function tryLock(file: FileHandle): Promise<(() => void) | undefined> {
  const names = await namesOf(file);
  if (names === null) return () => {};
  return await new Promise((resolve, reject) => {
    const hold = (lock: unknown): Promise<void> | undefined => {
      if (lock === null) return void resolve(undefined);
      return new Promise((end) => resolve(end));
    };
    navigator.locks.request(`normkit:/${names.join("/")}`, { ifAvailable: true }, hold)
      .catch(reject);
  });
}
