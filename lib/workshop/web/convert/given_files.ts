// Files that a user gives to a page: dropped, a folder too, or picked.

import type { GivenFile } from "./messages.ts";

/** An entry of what was dropped, as browsers have it. */
interface DroppedEntry {
  readonly isFile: boolean;
  readonly fullPath: string;
  file?(take: (file: File) => void, fail: (error: Error) => void): void;
  createReader?(): {
    readEntries(take: (entries: DroppedEntry[]) => void, fail: (error: Error) => void): void;
  };
}

/** What a call gives to one of two functions. */
const given = <T>(call: (take: (value: T) => void, fail: (error: Error) => void) => void) =>
  new Promise<T>(call);

/** The files of a folder that was dropped, a part at a time as browsers give them. */
async function filesUnder(entry: DroppedEntry): Promise<GivenFile[]> {
  if (entry.isFile) {
    const content = await given<File>((take, fail) => entry.file!(take, fail));
    return [{ path: entry.fullPath.replace(/^\/+/, ""), content }];
  }
  const reader = entry.createReader!();
  const files: GivenFile[] = [];
  for (;;) {
    const part = await given<DroppedEntry[]>((take, fail) => reader.readEntries(take, fail));
    if (part.length === 0) return files;
    for (const inner of part) for (const file of await filesUnder(inner)) files.push(file);
  }
}

/**
 * The files that were dropped on a page.
 *
 * @param data What was dropped.
 * @returns Each file with its path.
 */
export async function droppedFiles(data: DataTransfer): Promise<GivenFile[]> {
  // entries are gone once this function has waited, so all are taken at once
  const entries = [...data.items].map((item) =>
    item.webkitGetAsEntry() as unknown as DroppedEntry | null
  );
  const files = await Promise.all(entries.map((entry) => entry === null ? [] : filesUnder(entry)));
  return files.flat();
}

/**
 * The files that were picked.
 *
 * @param input The control with which they were.
 * @returns Each file with its path.
 */
export function pickedFiles({ files }: HTMLInputElement): GivenFile[] {
  return [...files ?? []].map((content) => ({
    path: content.webkitRelativePath || content.name,
    content,
  }));
}
