// Reading files that others made: only what is a file, and never more of it than is expected.

import { platform } from "./mod.ts";
import type { OpenFile, PathInfo } from "./platform.ts";
import { unreadable } from "./system_error.ts";

/** The most bytes of a file that is read whole, unless its reader allows fewer or more. */
export const largestText = 100_000_000;

/**
 * What a path leads to that is no regular file, in words.
 *
 * @param info What the system says of it.
 * @returns A folder, a pipe, a socket or a device.
 */
export function kindOf({ isDirectory, isFifo, isSocket }: PathInfo): string {
  if (isDirectory) return "a folder";
  return isFifo ? "a pipe" : isSocket ? "a socket" : "a device";
}

/**
 * Whether a path leads to a regular file, through symlinks where there are such.
 *
 * @param path The path.
 * @returns Whether it does; not where there is nothing, or a link to nothing.
 */
export async function isRegular(path: string): Promise<boolean> {
  return await platform.stat(path).then(({ isFile }) => isFile, () => false);
}

/**
 * What the system says of a file or a folder, behind symlinks where there are such.
 *
 * @param path The path.
 * @returns What is there.
 * @throws {RangeError} If it is a symlink to nothing or in a circle, or may not be looked at.
 * @throws {Deno.errors.NotFound} If there is nothing.
 */
export async function statOf(path: string): Promise<PathInfo> {
  try {
    return await platform.stat(path);
  } catch (error) {
    throw await unreadable(path, error);
  }
}

/**
 * Opens a file for reading. A symlink to a file is one; a folder, a device, a socket and a pipe, which would be waited for, are none.
 *
 * @param path The file.
 * @returns The open file; the caller closes it.
 * @throws {RangeError} If there is something else than a regular file, or it may not be read.
 * @throws {Deno.errors.NotFound} If there is nothing.
 */
export async function openRegular(path: string): Promise<OpenFile> {
  const info = await statOf(path);
  if (!info.isFile) {
    throw new RangeError(`Cannot read ${path}: it is ${kindOf(info)}, and must be a regular file`);
  }
  try {
    return await platform.open(path, "read");
  } catch (error) {
    throw await unreadable(path, error);
  }
}

/**
 * The bytes of an open file from its position on.
 *
 * Units: bytes.
 *
 * @param file The file.
 * @returns Its bytes, in pieces of at most 64 KiB; each is overwritten by the next.
 */
export async function* bytesOf(file: OpenFile): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(2 ** 16);
  for (let more = await file.read(buffer); more !== null; more = await file.read(buffer)) {
    yield buffer.subarray(0, more);
  }
}

/** A file's bytes in pieces; what its length says is not believed, since a file may grow. */
async function* limitedBytes(path: string, most: number): AsyncGenerator<Uint8Array> {
  const refuse = (): never => {
    throw new RangeError(`Cannot read ${path}: it has more than ${most} bytes`);
  };
  using file = await openRegular(path);
  if (await file.size() > most) refuse();
  let total = 0;
  for await (const bytes of bytesOf(file)) {
    total += bytes.length;
    if (total > most) refuse();
    yield bytes;
  }
}

/** A file's text in pieces. */
async function* piecesOf(path: string, most: number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let isUtf16 = false;
  const decode = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      const hint = isUtf16 ? " but UTF-16; save it as UTF-8" : "";
      throw new SyntaxError(`Cannot read ${path}: it is not UTF-8${hint}`, { cause });
    }
  };
  let isFirst = true;
  for await (const bytes of limitedBytes(path, most)) {
    isUtf16 ||= isFirst && bytes[0]! + bytes[1]! === 0xff + 0xfe;
    isFirst = false;
    yield decode(bytes);
  }
  yield decode();
}

/**
 * Puts pieces of bytes together.
 *
 * @param pieces The pieces; each may be overwritten by the next.
 * @returns All bytes.
 */
export async function joinBytes(
  pieces: AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece.slice());
  return concatenate(parts);
}

/**
 * Bytes one behind the other.
 *
 * @param parts The pieces.
 * @returns All of them, in new memory.
 */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Reads a file whole.
 *
 * Units: bytes.
 *
 * @param path The file; it may be a symlink to one.
 * @param most The most bytes that it may have; 100 MB by default.
 * @returns Its bytes.
 * @throws {RangeError} If it is longer, or no regular file.
 * @throws {Deno.errors.NotFound} If there is none.
 */
export async function readBytes(
  path: string,
  most: number = largestText,
): Promise<Uint8Array<ArrayBuffer>> {
  return await joinBytes(limitedBytes(path, most));
}

/**
 * Reads a text file whole.
 *
 * Units: bytes.
 *
 * @param path The file; it may be a symlink to one.
 * @param most The most bytes that it may have; 100 MB by default.
 * @returns Its text, without a byte order mark.
 * @throws {RangeError} If it is longer, or no regular file.
 * @throws {SyntaxError} If it is not UTF-8.
 * @throws {Deno.errors.NotFound} If there is none.
 */
export async function readTextFile(path: string, most: number = largestText): Promise<string> {
  let text = "";
  for await (const piece of piecesOf(path, most)) text += piece;
  return text;
}

/**
 * The lines of a text that comes in pieces.
 *
 * @param pieces The pieces.
 * @returns The lines, without their ends; behind the last line's end there is none.
 */
export async function* linesOf(
  pieces: AsyncIterable<string>,
): AsyncGenerator<string, undefined> {
  let line = "";
  for await (const piece of pieces) {
    const [rest, ...starts] = piece.split("\n");
    line += rest!;
    for (const start of starts) {
      yield line;
      line = start;
    }
  }
  if (line !== "") yield line;
}

/**
 * Reads a text file line by line.
 *
 * Units: bytes.
 *
 * @param path The file; it may be a symlink to one.
 * @param most The most bytes that it may have; 100 MB by default.
 * @returns Its lines, without their ends; behind the last line's end there is none.
 * @throws {RangeError} If it is longer, or no regular file.
 * @throws {SyntaxError} If it is not UTF-8.
 * @throws {Deno.errors.NotFound} If there is none.
 */
export async function* readLines(
  path: string,
  most: number = largestText,
): AsyncGenerator<string> {
  yield* linesOf(piecesOf(path, most));
}
