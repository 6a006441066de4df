// Parameter trees as safetensors files, in single precision: what `train` writes and `generate` reads.

import * as tf from "@tensorflow/tfjs";
import { writeAtomically } from "../core/files.ts";
import { readAll } from "../core/read.ts";
import { fillTree, tensorsOf } from "../core/tree.ts";

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Writes a tree of tensors as a safetensors file (F32), whole or not at all.
 *
 * @param path The file.
 * @param tree The parameters; names are their paths.
 */
export async function writeParameters<P>(path: string, tree: P): Promise<void> {
  const list = tensorsOf(tree);
  const values = await readAll(list.map(({ value }) => value));
  let end = 0;
  const header = Object.fromEntries(list.map(({ path: name, value }, i): [string, Entry] => {
    const start = end;
    end += values[i]!.byteLength;
    return [name, { dtype: "F32", shape: value.shape, data_offsets: [start, end] }];
  }));
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(text.length / 8) * 8; // padded with spaces, so that data is aligned
  const file = new Uint8Array(8 + headerBytes + end).fill(0x20, 8, 8 + headerBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(text, 8);
  let at = 8 + headerBytes;
  for (const numbers of values) {
    file.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), at);
    at += numbers.byteLength;
  }
  await writeAtomically(path, file);
}

/**
 * Reads the parameters of a model from a safetensors file (F32).
 *
 * @param path The file.
 * @param like A tree of the model's shape, such as fresh parameters; it is not freed.
 * @returns A new tree with the file's values; the caller frees it.
 * @throws {RangeError} If a tensor is missing or left over, or its shape or dtype is another.
 * @throws {SyntaxError} If the file is not a safetensors file.
 */
export async function readParameters<P>(path: string, like: P): Promise<P> {
  const file = await Deno.readFile(path);
  const header = readHeader(path, file);
  const wanted = tensorsOf(like);
  const extra = Object.keys(header.entries).find((name) =>
    !wanted.some((leaf) => leaf.path === name)
  );
  if (extra !== undefined) {
    throw new RangeError(`Cannot read ${path}: the model has no parameter ${extra}`);
  }
  const values = wanted.map(({ path: name, value }): Float32Array => {
    const entry = header.entries[name];
    const found = entry === undefined ? "nothing" : `${entry.dtype} [${entry.shape.join(", ")}]`;
    const expected = `F32 [${value.shape.join(", ")}]`;
    if (found !== expected) {
      throw new RangeError(
        `Cannot read ${name} from ${path}: found ${found}, expected ${expected}`,
      );
    }
    const [start, end] = entry!.data_offsets;
    const bytes = file.slice(header.dataAt + start, header.dataAt + end);
    if (bytes.length !== 4 * value.size) {
      throw new RangeError(
        `Cannot read ${name} from ${path}: it has ${bytes.length} bytes, expected ${
          4 * value.size
        }`,
      );
    }
    return new Float32Array(bytes.buffer);
  });
  return fillTree(like, values.map((numbers, i) => tf.tensor(numbers, wanted[i]!.value.shape)));
}

function isEntry(value: unknown): value is Entry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Partial<Entry>;
  return typeof dtype === "string" && Array.isArray(shape) && Array.isArray(data_offsets);
}

function readHeader(
  path: string,
  file: Uint8Array,
): { entries: Record<string, Entry>; dataAt: number } {
  const length = file.length < 8
    ? Infinity
    : Number(new DataView(file.buffer).getBigUint64(0, true));
  if (length > file.length - 8) {
    throw new SyntaxError(
      `Cannot read ${path}: it is not a safetensors file (its header would not fit)`,
    );
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(file.subarray(8, 8 + length));
    const { __metadata__: _, ...entries } = JSON.parse(text);
    if (!Object.values(entries).every(isEntry)) throw new TypeError("an entry is incomplete");
    return { entries, dataAt: 8 + length };
  } catch (error) {
    throw new SyntaxError(`Cannot read ${path}: its header is not a table of tensors`, {
      cause: error,
    });
  }
}
