// The rows of a run while it runs: in memory, or in a file to which they are appended.

import { jsonText, parseJson, reviveNumber } from "../core/json.ts";
import { exists, openInPlace, writeStream } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import type { OpenFile } from "../platform/platform.ts";
import { unwritable } from "../platform/system_error.ts";
import { bytesOf, linesOf, openRegular } from "../platform/text_file.ts";
import type { Row } from "./record.ts";

/** Takes rows. */
export interface RowSink {
  /** How many there are. */
  readonly count: number;
  /** Takes one more. */
  push(row: Row): void;
  /** All of them. */
  all(): Promise<readonly Row[]>;
}

/** @returns Rows in memory. */
export function rowsInMemory(): RowSink {
  const rows: Row[] = [];
  return {
    get count() {
      return rows.length;
    },
    push: (row) => void rows.push(row),
    all: () => Promise.resolve(rows),
  };
}

const newline = 0x0a;

/** Where the first lines of a file end, and the SHA-256 until there. */
export interface Prefix {
  readonly bytes: number;
  readonly sha256: string;
}

/** The place behind so many ends of lines in a piece, and how many are then still to come. */
function behindLines(piece: Uint8Array, lines: number): { end: number; left: number } {
  let [end, left] = [0, lines];
  while (left > 0) {
    const at = piece.indexOf(newline, end);
    if (at < 0) return { end: piece.length, left };
    end = at + 1;
    left--;
  }
  return { end, left };
}

/**
 * Measures the first lines of a file.
 *
 * @param path The file.
 * @param lines How many.
 * @returns Where they end, and their SHA-256; undefined where there are not as many.
 */
export async function prefixOf(path: string, lines: number): Promise<Prefix | undefined> {
  const hash = platform.sha256();
  let [bytes, left] = [0, lines];
  using file = await openRegular(path);
  for await (const piece of bytesOf(file)) {
    if (left === 0) break;
    const found = behindLines(piece, left);
    hash.update(piece.subarray(0, found.end));
    bytes += found.end;
    left = found.left;
  }
  return left === 0 ? { bytes, sha256: hash.digest() } : undefined;
}

/** Rows in a file, as JSON Lines. What could not be written stays in memory, and is written at the next try. */
export class RowLog implements RowSink {
  readonly #path: string;
  #file: OpenFile;
  /** The length of the lines that are whole on the disk. */
  #bytes: number;
  #count: number;
  #pending: string[] = [];

  private constructor(
    path: string,
    file: OpenFile,
    { bytes, count }: { bytes: number; count: number },
  ) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
    this.#count = count;
  }

  /**
   * Opens the rows of a run, of which the first ones stay.
   *
   * @param path The file; it is made where it is missing.
   * @param kept How many rows stay, and where they end.
   * @returns The rows.
   */
  static async open(path: string, kept: { count: number; bytes: number }): Promise<RowLog> {
    await cutFile(path, kept.bytes);
    return new RowLog(path, await openInPlace(path), kept);
  }

  get count(): number {
    return this.#count;
  }

  push(row: Row): void {
    this.#pending.push(`${jsonText(row)}\n`);
    this.#count++;
  }

  /**
   * Writes what is pending.
   *
   * @throws {Error} If the disk takes no more; nothing is lost, and the next call tries again.
   */
  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    const count = this.#pending.length;
    const bytes = new TextEncoder().encode(this.#pending.join(""));
    try {
      this.#file.seek(this.#bytes);
      await this.#file.write(bytes);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
    this.#bytes += bytes.length;
    this.#pending = this.#pending.slice(count);
  }

  /**
   * Takes the last rows back.
   *
   * @param count How many stay.
   */
  async cut(count: number): Promise<void> {
    await this.flush();
    const { bytes } = (await prefixOf(this.#path, count))!;
    this.#file.close();
    await cutFile(this.#path, bytes);
    this.#file = await openInPlace(this.#path);
    [this.#bytes, this.#count] = [bytes, count];
  }

  /** Waits until what is written is on the disk. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  async all(): Promise<readonly Row[]> {
    await this.flush().catch(() => {}); // what does not fit on the disk is still here
    const rows: Row[] = [];
    const written = this.#count - this.#pending.length;
    this.#file.seek(0); // its name may be gone by now
    for await (const line of linesOf(textOf(this.#file))) {
      if (rows.length === written) break; // behind it may be half a line that did not fit
      rows.push(this.#parsed(line));
    }
    return [...rows, ...this.#pending.map((line) => this.#parsed(line))];
  }

  #parsed(line: string): Row {
    return parseJson(line, this.#path, reviveNumber) as Row;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** The text of an open file in pieces. */
async function* textOf(file: OpenFile): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of bytesOf(file)) yield decoder.decode(bytes, { stream: true });
}

/** Leaves the first bytes of a file alone; the rest is what a killed process wrote after its last state. */
async function cutFile(path: string, bytes: number): Promise<void> {
  const isThere = await exists(path);
  if (isThere && (await platform.stat(path)).size === bytes) return;
  await writeStream(path, async (file) => {
    if (!isThere || bytes === 0) return;
    using old = await openRegular(path);
    let left = bytes;
    for await (const piece of bytesOf(old)) {
      await file.write(piece.subarray(0, left));
      left -= Math.min(left, piece.length);
      if (left === 0) return;
    }
  });
}
