// One safetensors file, kept open: reads at any place, several at a time.

import type { OpenFile } from "../platform/platform.ts";
import { openRegular } from "../platform/text_file.ts";
import { SafetensorsError } from "./error.ts";
import { type Header, headerLength, parseHeader, type StoredTensor } from "./header.ts";

async function readAt(
  path: string,
  file: OpenFile,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  file.seek(position);
  for (let done = 0; done < length;) {
    const more = await file.read(bytes.subarray(done));
    if (more === null) {
      throw new SafetensorsError(path, `it ended at ${position + done} while it was read`);
    }
    done += more;
  }
  return bytes;
}

/** An open safetensors file. */
export class Shard implements Disposable {
  /** The file. */
  readonly path: string;
  /** What it holds. */
  readonly header: Header;
  /** The bytes in front of its tensors. */
  readonly headerBytes: number;
  readonly #file: OpenFile;
  #lastRead: Promise<unknown> = Promise.resolve();

  private constructor(path: string, file: OpenFile, header: Header, headerBytes: number) {
    this.path = path;
    this.header = header;
    this.#file = file;
    this.headerBytes = headerBytes;
  }

  /**
   * Opens a file and checks its header.
   *
   * @param path The file.
   * @returns The open file; the caller closes it.
   * @throws {SafetensorsError} If it breaks a rule of the format.
   */
  static async open(path: string): Promise<Shard> {
    const file = await openRegular(path);
    try {
      const size = await file.size();
      const first = await readAt(path, file, 0, Math.min(8, size));
      const length = headerLength(path, first, size);
      const header = parseHeader(path, await readAt(path, file, 8, length), size - 8 - length);
      return new Shard(path, file, header, 8 + length);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Reads a part of a tensor. The file has one position, so reads take turns.
   *
   * @param tensor The tensor.
   * @param first Where the part starts in it, in bytes.
   * @param length How long the part is, in bytes; the tensor has as many.
   * @returns The bytes.
   * @throws {SafetensorsError} If the file has become shorter since it was opened.
   */
  read(tensor: StoredTensor, first: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const position = this.headerBytes + tensor.start + first;
    const bytes = this.#lastRead.then(() => readAt(this.path, this.#file, position, length));
    this.#lastRead = bytes.catch(() => {}); // a read that fails does not hold up the next
    return bytes;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
