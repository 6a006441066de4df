// Writing files and folders whole or not at all.

/** The folder of a path; `.` where it names none. */
function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) || "/" : ".";
}

/**
 * Makes something under a temporary name beside its own, and renames it.
 *
 * @param path Its own name; the folder is made where it is missing.
 * @param make Makes it under the name that it is given. Where it fails, what it made is removed.
 */
async function makeBeside(
  path: string,
  make: (temporary: string) => Promise<void>,
): Promise<void> {
  await Deno.mkdir(folderOf(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    await make(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    throw error;
  }
}

/**
 * Writes a file through a temporary one beside it, so that a reader never sees half of it.
 *
 * @param path The file; its folder is made where it is missing.
 * @param content Text or bytes.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await makeBeside(path, async (temporary) => {
    if (typeof content === "string") await Deno.writeTextFile(temporary, content);
    else await Deno.writeFile(temporary, content);
  });
}

/** Windows keeps its folders on the disk by itself, and syncs only what is open for writing. */
const isWindows = Deno.build.os === "windows";

/** Waits until a file or a folder's list of names is on the disk. */
async function sync(path: string): Promise<void> {
  using file = await Deno.open(path, isWindows ? { write: true } : { read: true });
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  if (!isWindows) await sync(folder);
}

/** Waits until all that is in a folder is on the disk. */
async function syncAll(folder: string): Promise<void> {
  for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
    if (isFile) await sync(`${folder}/${name}`);
    if (isDirectory) await syncAll(`${folder}/${name}`);
  }
  await syncFolder(folder);
}

/**
 * Writes a file piece by piece, as {@linkcode writeAtomically} does, and waits until it is on the disk. A process that is killed
 * at any moment leaves the file as it was, or complete, and perhaps a temporary one beside it.
 *
 * @param path The file; its folder is made where it is missing.
 * @param fill Writes to the open file.
 */
export async function writeStream(
  path: string,
  fill: (file: Deno.FsFile) => Promise<void>,
): Promise<void> {
  await makeBeside(path, async (temporary) => {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    await fill(file);
    await file.sync();
  });
  await syncFolder(folderOf(path));
}

/**
 * Writes a new folder through a temporary one beside it, and waits until it is on the disk. A process that is killed at any moment
 * leaves no folder of this name or a complete one, and perhaps a temporary one beside it.
 *
 * @param path The folder; the one around it is made where it is missing.
 * @param fill Writes files into the temporary folder, whose path it is given.
 * @throws {RangeError} If there is something of this name already.
 */
export async function writeFolder(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = path.replace(/(?<=.)\/+$/, "");
  if (await exists(target)) {
    throw new RangeError(`Cannot write the folder ${target}: it must not exist yet`);
  }
  await makeBeside(target, async (temporary) => {
    await Deno.mkdir(temporary);
    await fill(temporary);
    await syncAll(temporary);
  });
  await syncFolder(folderOf(target));
}

/**
 * Whether there is a file, a folder or a link.
 *
 * @param path Its path.
 * @returns Whether it is there.
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
