// Opening a checkpoint: a safetensors file, or a folder as Hugging Face publishes it, with one file or with an index of several.

import { excerpt } from "../core/excerpt.ts";
import { requireInteger } from "../core/check.ts";
import { exists } from "../platform/files.ts";
import { withoutEnd } from "../platform/path.ts";
import { statOf } from "../platform/text_file.ts";
import { bytesPerNumber, decodeNumbers } from "./dtype.ts";
import { SafetensorsError } from "./error.ts";
import { longestHeader, type StoredTensor } from "./header.ts";
import { locateCheckpoint } from "./locate.ts";
import { compareTexts } from "./plan.ts";
import { Shard } from "./shard.ts";
import { readIndex } from "./shard_index.ts";
import { rowsOf, type TensorShape, type TensorSource } from "./tensors.ts";

/** An open checkpoint, whose tensors are read when they are asked for; several reads may be under way at once. */
export interface Checkpoint extends TensorSource, Disposable {
  /** Texts about the checkpoint as a whole, such as `format: "pt"`. Of those with one key the last file's counts. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What was done so that it could be read, where something had to be. */
  readonly mended: readonly string[];
  /**
   * Some rows of a tensor as they are stored, little-endian.
   *
   * @param name The tensor.
   * @param first The first row, from 0.
   * @param count The number of rows; all that follow by default.
   * @returns Their bytes.
   * @throws {RangeError} If there is no such tensor or no such row, or the rows take more than 2 GiB or share bytes with others.
   */
  bytes(name: string, first?: number, count?: number): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * All bytes of a tensor as they are stored, in pieces of at most 4 MiB.
   *
   * @param name The tensor.
   * @returns Its bytes in order; each piece is read when it is asked for.
   * @throws {RangeError} If there is no such tensor.
   */
  chunks(name: string): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Closes the files; reads under way fail. */
  close(): void;
}

/** Whether a source is a checkpoint, whose bytes can be copied as they are. */
export function isCheckpoint(source: TensorSource): source is Checkpoint {
  return "chunks" in source;
}

const chunkBytes = 2 ** 22;

/** The most files of a checkpoint, which all stay open. */
const mostFiles = 2000;

/** The most bytes that are read at once; eight times as many may be held while they become float64. */
const mostBytes = 2 ** 31;

interface Place {
  readonly shard: Shard;
  readonly tensor: StoredTensor;
}

class OpenCheckpoint implements Checkpoint {
  readonly metadata: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly mended: readonly string[];
  readonly #path: string;
  readonly #shards: readonly Shard[];
  readonly #places: ReadonlyMap<string, Place>;
  #isOpen = true;

  constructor(
    path: string,
    shards: readonly Shard[],
    places: ReadonlyMap<string, Place>,
    mended: readonly string[] = [],
  ) {
    this.mended = mended;
    this.metadata = Object.fromEntries(
      shards.flatMap(({ header }) => Object.entries(header.metadata)),
    );
    this.names = [...places.keys()];
    this.#path = path;
    this.#shards = shards;
    this.#places = places;
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  info(name: string): TensorShape {
    const { dtype, shape } = this.#place(name).tensor;
    return { dtype, shape };
  }

  async rows(name: string, first: number, count: number): Promise<Float64Array> {
    return decodeNumbers(this.info(name).dtype, await this.bytes(name, first, count));
  }

  async bytes(name: string, first = 0, count?: number): Promise<Uint8Array<ArrayBuffer>> {
    const { shard, tensor } = this.#place(name);
    const { rows, width } = rowsOf(tensor.shape);
    requireInteger("first", first, { min: 0, max: rows });
    const rowsRead = requireInteger("count", count ?? rows - first, { min: 0, max: rows - first });
    const rowBytes = width * bytesPerNumber(tensor.dtype);
    if (!Number.isInteger(first * rowBytes) || !Number.isInteger(rowsRead * rowBytes)) {
      throw new RangeError(
        `Cannot read ${rowsRead} rows of ${
          excerpt(name)
        } from row ${first}: they share bytes with others`,
      );
    }
    if (rowsRead * rowBytes > mostBytes) {
      throw new RangeError(
        `Cannot read ${rowsRead * rowBytes} bytes of ${
          excerpt(name)
        } at once: at most ${mostBytes}`,
      );
    }
    return await shard.read(tensor, first * rowBytes, rowsRead * rowBytes);
  }

  async *chunks(name: string): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { shard, tensor } = this.#place(name);
    const length = tensor.end - tensor.start;
    for (let first = 0; first < length; first += chunkBytes) {
      yield await shard.read(tensor, first, Math.min(chunkBytes, length - first));
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const shard of this.#shards) shard[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) {
      throw new RangeError(`Cannot read ${excerpt(name)}: ${this.#path} has no such tensor`);
    }
    return place;
  }
}

/** Where the tensors of some files are. */
function placesOf(path: string, shards: readonly Shard[]): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const shard of shards) {
    for (const tensor of shard.header.tensors) {
      const other = places.get(tensor.name)?.shard.path;
      if (other !== undefined) {
        throw new SafetensorsError(
          path,
          `the tensor ${excerpt(tensor.name)} is in ${other} and in ${shard.path}`,
        );
      }
      places.set(tensor.name, { shard, tensor });
    }
  }
  return places;
}

function requireFew(path: string, files: readonly string[]): void {
  if (files.length <= mostFiles) return;
  throw new SafetensorsError(
    path,
    `it names ${files.length} files, and at most ${mostFiles} are opened`,
  );
}

/** Opens files one after the other; if one cannot be opened, none stays open. */
async function openShards(path: string, paths: readonly string[]): Promise<Shard[]> {
  const shards: Shard[] = [];
  let headers = 0;
  try {
    for (const one of paths) {
      const shard = await Shard.open(one);
      shards.push(shard);
      headers += shard.headerBytes;
      if (headers > longestHeader) {
        throw new SafetensorsError(
          path,
          `the headers of its files take more than ${longestHeader} bytes together`,
        );
      }
    }
    return shards;
  } catch (error) {
    for (const shard of shards) shard[Symbol.dispose]();
    throw error;
  }
}

/** Opens files, and closes them where what is found in them is refused. */
async function openFiles(
  path: string,
  files: readonly string[],
  check: (places: ReadonlyMap<string, Place>) => void = () => {},
  mended: readonly string[] = [],
): Promise<Checkpoint> {
  requireFew(path, files);
  const shards = await openShards(path, files);
  try {
    const places = placesOf(path, shards);
    check(places);
    return new OpenCheckpoint(path, shards, places, mended);
  } catch (error) {
    for (const shard of shards) shard[Symbol.dispose]();
    throw error;
  }
}

async function openIndexed(
  folder: string,
  index: string,
  mended: readonly string[],
): Promise<Checkpoint> {
  const fileOf = await readIndex(index);
  const files = [...new Set(fileOf.values())].sort(compareTexts).map((file) => `${folder}/${file}`);
  requireFew(index, files);
  for (const file of files) {
    if (!await exists(file)) throw new SafetensorsError(index, `there is no ${file}`);
  }
  return await openFiles(index, files, (places) => {
    for (const [name, file] of fileOf) {
      if (places.get(name)?.shard.path !== `${folder}/${file}`) {
        throw new SafetensorsError(index, `the tensor ${excerpt(name)} is not in ${file}`);
      }
    }
  }, mended);
}

/**
 * Opens a checkpoint. Only the headers are read; what a file says of its size is checked before memory is taken for it.
 *
 * @param path A safetensors file, or a folder with `model.safetensors` or with `model.safetensors.index.json` and what it names;
 * without them a folder with one variant (`model.fp16.safetensors`) or with all of its numbered files.
 * @returns The open checkpoint; the caller closes it.
 * @throws {SafetensorsError} If a file breaks a rule of the format, or index and files disagree.
 * @throws {Deno.errors.NotFound} If there is no such file, or the folder has no checkpoint.
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  if (!(await statOf(path)).isDirectory) return await openFiles(path, [path]);
  const folder = withoutEnd(path);
  const { files, mended } = await locateCheckpoint(folder);
  if ("index" in files) return await openIndexed(folder, `${folder}/${files.index}`, mended);
  const shards = files.shards.map((file) => `${folder}/${file}`);
  return await openFiles(shards.length === 1 ? shards[0]! : folder, shards, undefined, mended);
}
