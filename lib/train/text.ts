// Text files as strings: decoded strictly, in pieces, so that no file need fit into memory twice.

import { collect } from "../core/collections.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { filesUnder } from "../platform/folder.ts";
import { platform } from "../platform/mod.ts";
import { bytesOf, kindOf } from "../platform/text_file.ts";
import { reasonOf } from "../platform/system_error.ts";

/** How the bytes of a file become text. */
export interface TextOptions {
  /**
   * The encoding, by a label of `TextDecoder` such as `latin1` or `shift_jis`. By default that of the file's byte order mark, or
   * UTF-8 where it has none.
   */
  readonly encoding?: string;
  /** Whether line ends stay as they are; by default each of CR LF and CR becomes LF. */
  readonly keepLineEnds?: boolean;
}

/** What reading a text takes. */
export const textKinds: OptionKinds<TextOptions> = {
  encoding: "string?",
  keepLineEnds: "boolean?",
};

/** A text file whose kind and size are known. */
export interface TextFile {
  /** Its size in bytes, at least the number of its characters. */
  readonly bytes: number;
  /** Its text, in pieces that end with whole characters. */
  readonly pieces: AsyncIterable<string>;
}

/** Byte order marks, and the encodings that they stand for. */
const marks: readonly (readonly [encoding: string, bytes: readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** Runs what reads a file; what the system says becomes a sentence. */
async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new RangeError(`Cannot read the text ${path}: ${reasonOf(cause)}`, { cause });
  }
}

async function requireFile(path: string): Promise<number> {
  const info = await reading(path, () => platform.stat(path));
  if (info.isFile) return info.size;
  throw new RangeError(`Cannot read the text ${path}: it is ${kindOf(info)}, and must be a file`);
}

/** The bytes of a file, in pieces of at most 64 KiB. */
async function* bytesOfPath(path: string): AsyncGenerator<Uint8Array> {
  using file = await reading(path, () => platform.open(path, "read"));
  const pieces = bytesOf(file);
  while (true) {
    const { value, done } = await reading(path, () => pieces.next());
    if (done === true) return;
    yield value;
  }
}

/** The encoding that a file's first bytes name. */
async function markedEncoding(path: string): Promise<string | undefined> {
  for await (const bytes of bytesOfPath(path)) {
    return marks.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte))?.[0];
  }
  return undefined;
}

/** A label's encoding by its standard name. */
function encodingOf(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch (cause) {
    throw new RangeError(
      `Cannot use encoding = ${
        JSON.stringify(label)
      }: it must be a label of TextDecoder, such as utf-8, utf-16le, latin1 or ` +
        "shift_jis",
      { cause },
    );
  }
}

/** The encoding of a file: the one that is named, which a mark must not contradict. */
async function chosenEncoding(path: string, label: string | undefined): Promise<string> {
  const named = label === undefined ? undefined : encodingOf(label);
  const marked = await markedEncoding(path);
  if (named !== undefined && marked !== undefined && named !== marked) {
    throw new RangeError(`Cannot read the text ${path} as ${label}: its first bytes say ${marked}`);
  }
  return named ?? marked ?? "utf-8";
}

/** The pieces of a file in an encoding; a byte order mark is no character. */
async function* decoded(path: string, encoding: string, fatal: boolean): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal });
  for await (const bytes of bytesOfPath(path)) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
}

/** The line of the first bytes that are no characters, and what stands before them. */
async function firstFault(path: string, encoding: string): Promise<string> {
  let [line, start] = [1, ""];
  for await (const piece of decoded(path, encoding, false)) {
    const at = piece.indexOf("\uFFFD");
    const before = start + (at < 0 ? piece : piece.slice(0, at));
    const lines = before.split(/\r\n|\n|\r/);
    line += lines.length - 1;
    start = lines.at(-1)!.slice(-30);
    if (at >= 0) break;
  }
  return `line ${line}, after ${JSON.stringify(start)}`;
}

/** The text of a file, strictly: bytes that are no characters, and NUL, which no text has, are refused. */
async function* strictly(path: string, encoding: string): AsyncGenerator<string> {
  const remedy = "if it is text, name its encoding, such as latin1 or utf-16le";
  try {
    for await (const piece of decoded(path, encoding, true)) {
      if (piece.includes("\0")) {
        throw new RangeError(
          `Cannot read the text ${path} as ${encoding}: it holds zero bytes; ${remedy}`,
        );
      }
      yield piece;
    }
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const where = await firstFault(path, encoding);
    throw new RangeError(
      `Cannot read the text ${path} as ${encoding}: it has other bytes in ${where}; ${remedy}`,
      { cause },
    );
  }
}

/**
 * Turns each of CR LF and CR into LF, in a text that comes in pieces.
 *
 * @returns The function of one piece after the other.
 */
export function lineEnds(): (piece: string) => string {
  let afterReturn = false;
  return (piece) => {
    if (piece === "") return piece;
    const rest = afterReturn && piece.startsWith("\n") ? piece.slice(1) : piece;
    afterReturn = piece.endsWith("\r");
    return rest.includes("\r") ? rest.replace(/\r\n?/g, "\n") : rest;
  };
}

/** A text file that is one, decoded. */
async function openTextFile(path: string, options: TextOptions): Promise<TextFile> {
  const bytes = await requireFile(path);
  const encoding = await chosenEncoding(path, options.encoding);
  const normalize = options.keepLineEnds === true ? (piece: string) => piece : lineEnds();
  const pieces = async function* (): AsyncGenerator<string> {
    for await (const piece of strictly(path, encoding)) yield normalize(piece);
  };
  return { bytes, pieces: pieces() };
}

/** The text files of a folder as one text; a text without an end of its last line gets one. */
async function openTextFolder(folder: string, options: TextOptions): Promise<TextFile> {
  const paths = await reading(folder, () => filesUnder(folder, [".txt"]));
  if (paths.length === 0) {
    throw new RangeError(`Cannot read the text ${folder}: it is a folder, and has no file *.txt`);
  }
  let bytes = 0;
  for (const path of paths) bytes += await requireFile(path) + 1;
  const pieces = async function* (): AsyncGenerator<string> {
    for (const path of paths) {
      let last = "\n";
      for await (const piece of (await openTextFile(path, options)).pieces) {
        last = piece.at(-1) ?? last;
        yield piece;
      }
      if (last !== "\n") yield "\n";
    }
  };
  return { bytes, pieces: pieces() };
}

/**
 * Opens a text: a file, or a folder, whose files `*.txt`, at any depth, are one text in the order of their paths.
 *
 * @param path The file or folder.
 * @param options Its encoding, and whether line ends stay.
 * @returns Its size, and its text in pieces: a faulty place is told when it is reached.
 * @throws {RangeError} If there is no such file, it is a pipe or a device, a folder without a text, it may not be read, or its
 * encoding is unknown or another.
 */
export async function openText(path: string, options: TextOptions = {}): Promise<TextFile> {
  const { isDirectory } = await reading(path, () => platform.stat(path));
  return isDirectory ? await openTextFolder(path, options) : await openTextFile(path, options);
}

/**
 * The text of a file or a folder, whole.
 *
 * @param path The file, or a folder, whose files `*.txt` are one text.
 * @param options Its encoding, and whether line ends stay.
 * @returns The text, without a byte order mark.
 * @throws {RangeError} If it cannot be read as text.
 */
export async function readText(path: string, options: TextOptions = {}): Promise<string> {
  requireOptions("readText()", options, textKinds);
  const { pieces } = await openText(path, options);
  return (await collect(pieces)).join("");
}
