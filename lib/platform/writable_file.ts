// Writing into a file of a browser: through a stream, or where the browser has none for its own files (Safari before 26), through the
// access that it gives to workers.

import { fileError, type FileHandle, type WritableFile } from "./memory_folder.ts";

/** The most bytes that are in memory at once. */
const part = 2 ** 24;

/**
 * Opens a file for writing.
 *
 * @param handle The file.
 * @param keepExistingData Whether its content is kept; else it is empty.
 * @returns What takes the bytes.
 * @throws {DOMException} If the browser does not let it be written from here.
 */
export async function writableOf(
  handle: FileHandle,
  keepExistingData: boolean,
): Promise<WritableFile> {
  if (handle.createWritable !== undefined) return await handle.createWritable({ keepExistingData });
  if (handle.createSyncAccessHandle === undefined) {
    throw fileError(
      "NotSupportedError",
      "Cannot write into folders of this browser from a page: it lets workers alone; run this in a worker, or write below a path " +
        "that is not mounted, in memory",
    );
  }
  const access = await handle.createSyncAccessHandle();
  if (!keepExistingData) access.truncate(0);
  return {
    write: async ({ position, data }) => {
      const content = new Blob([data]);
      try {
        for (let at = 0; at < content.size; at += part) {
          const bytes = await content.slice(at, at + part).arrayBuffer();
          access.write(new Uint8Array(bytes), { at: position + at });
        }
      } catch (error) {
        access.close(); // while it is open, nobody else can write
        throw error;
      }
    },
    close: () => Promise.resolve(access.close()),
  };
}
