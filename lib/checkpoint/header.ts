// The header of a safetensors file: eight bytes with its length, then JSON with a dtype, a shape and a place for each tensor; then
// come the tensors, one after the other. All that the reference implementation refuses is refused here. It reads equal names (the
// last one counts), a space before the header, entries written as arrays, more dtypes, and lengths beyond 2⁵³; these are refused
// too.

import { excerpt } from "../core/excerpt.ts";
import { bytesPerNumber, type DType, storedDTypes } from "./dtype.ts";
import { SafetensorsError } from "./error.ts";
import { foreignFile } from "./foreign.ts";
import { type Json, tableEntries } from "./json.ts";
import type { TensorShape } from "./tensors.ts";

/** The longest header that is read or written, in bytes. */
export const longestHeader = 100_000_000;

/** The one key that is not a tensor's name. */
export const metadataKey = "__metadata__";

/** A tensor in a file. */
export interface StoredTensor extends TensorShape {
  /** Its key in the header, unique in the file. */
  readonly name: string;
  /** Where its bytes start, counted from the end of the header. */
  readonly start: number;
  /** Where its bytes end. */
  readonly end: number;
}

/** What a header says. */
export interface Header {
  /** Texts about the file as a whole. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors, in the order of storage. */
  readonly tensors: readonly StoredTensor[];
}

function isMap(value: Json | undefined): value is ReadonlyMap<string, Json> {
  return value instanceof Map;
}

/** A whole number ≥ 0 that is exact as a number; undefined for everything else. */
function wholeOf(value: Json): number | undefined {
  return typeof value === "bigint" && value <= Number.MAX_SAFE_INTEGER ? Number(value) : undefined;
}

function wholesOf(value: Json | undefined): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = value.map(wholeOf);
  return numbers.every((number) => number !== undefined) ? numbers : undefined;
}

/** Complains about one file. */
type Refuse = (reason: string) => never;

function readMetadata(value: Json, refuse: Refuse): Record<string, string> {
  if (value === null) return {}; // the reference takes null too
  if (!isMap(value)) return refuse("its __metadata__ is not a table of texts");
  const entries = [...value].map(([key, text]): [string, string] =>
    typeof text === "string" ? [key, text] : refuse(`its __metadata__ ${excerpt(key)} is no text`)
  );
  return Object.fromEntries(entries);
}

/**
 * The bytes that a tensor takes.
 *
 * Units: bytes.
 *
 * @param tensor Its dtype and shape.
 * @returns The bytes.
 * @throws {RangeError} If its shape has anything but whole numbers ≥ 0, or the bytes are more than 2⁵³ − 1.
 */
export function tensorBytes({ dtype, shape }: TensorShape): number {
  const refuse = (): never => {
    throw new RangeError(
      `Cannot store ${dtype} [${shape.join(", ")}]: its lengths must be whole numbers ≥ 0, ` +
        `and its bytes a whole number, at most ${Number.MAX_SAFE_INTEGER}`,
    );
  };
  let numbers = 1;
  for (const length of shape) {
    numbers *= length;
    if (!Number.isSafeInteger(length) || length < 0 || !Number.isSafeInteger(numbers)) refuse();
  }
  const bytes = numbers * bytesPerNumber(dtype);
  return Number.isSafeInteger(bytes) ? bytes : refuse();
}

function readEntry(name: string, entry: Json, refuse: Refuse): StoredTensor {
  const of = `of the tensor ${excerpt(name)}`;
  if (!isMap(entry)) return refuse(`the entry ${of} is not a table`);
  const dtype = entry.get("dtype");
  if (!storedDTypes.some((known) => known === dtype)) {
    const found = typeof dtype === "string" ? excerpt(dtype) : "no text";
    return refuse(`the dtype ${of} is ${found}, and must be one of ${storedDTypes.join(", ")}`);
  }
  const shape = wholesOf(entry.get("shape"));
  const offsets = wholesOf(entry.get("data_offsets"));
  if (shape === undefined) return refuse(`the shape ${of} is not a list of whole numbers ≥ 0`);
  if (offsets?.length !== 2) return refuse(`the data_offsets ${of} are not two whole numbers ≥ 0`);
  const tensor = { name, dtype: dtype as DType, shape, start: offsets[0]!, end: offsets[1]! };
  let bytes: number;
  try {
    bytes = tensorBytes(tensor);
  } catch {
    return refuse(`the shape ${of} is larger than any file, or ends within a byte`);
  }
  if (tensor.end - tensor.start !== bytes) {
    return refuse(
      `the data_offsets ${of} hold ${
        tensor.end - tensor.start
      } bytes, and its dtype and shape take ${bytes}`,
    );
  }
  return tensor;
}

/** Orders tensors by place, and requires that each starts where the one before ends. */
function placed(
  tensors: readonly StoredTensor[],
  dataBytes: number,
  refuse: Refuse,
): StoredTensor[] {
  const sorted = tensors.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const tensor of sorted) {
    if (tensor.start !== end) {
      refuse(
        `the tensor ${
          excerpt(tensor.name)
        } starts at ${tensor.start}, and what is before it ends at ${end}`,
      );
    }
    end = tensor.end;
  }
  if (end !== dataBytes) {
    refuse(`its tensors end at ${end}, and ${dataBytes} bytes follow the header`);
  }
  return sorted;
}

/**
 * The length of a header, from the first eight bytes of its file.
 *
 * Units: bytes.
 *
 * @param path The file, for messages.
 * @param first Its first eight bytes; fewer where it has no more.
 * @param fileBytes Its length.
 * @returns The length of the JSON text behind them.
 * @throws {SafetensorsError} If the header is longer than the file or than 100 MB.
 */
export function headerLength(path: string, first: Uint8Array, fileBytes: number): number {
  if (first.length < 8) {
    throw new SafetensorsError(
      path,
      `it is not a safetensors file: it has ${first.length} bytes, and the length of its header takes 8`,
    );
  }
  const length = new DataView(first.buffer, first.byteOffset).getBigUint64(0, true);
  if (length > longestHeader) {
    const reason = foreignFile(first) ??
      `its header would take ${length} bytes, and ${longestHeader} are allowed`;
    throw new SafetensorsError(path, `it is not a safetensors file: ${reason}`);
  }
  if (length > fileBytes - 8) {
    throw new SafetensorsError(
      path,
      `its header would not fit: it takes ${length} bytes, and the file has ${
        fileBytes - 8
      } for it`,
    );
  }
  return Number(length);
}

/**
 * Reads the text of a header and checks it against the file.
 *
 * @param path The file, for messages.
 * @param text The header's bytes, without the eight in front of it.
 * @param dataBytes How many bytes follow it in the file.
 * @returns What it says.
 * @throws {SafetensorsError} If it breaks a rule of the format.
 */
export function parseHeader(path: string, text: Uint8Array, dataBytes: number): Header {
  const refuse = (reason: string): never => {
    throw new SafetensorsError(path, reason);
  };
  if (text[0] !== 0x7b) return refuse("its header does not start with {");
  let metadata: Record<string, string> = {};
  const tensors: StoredTensor[] = [];
  try {
    for (
      const [name, value] of tableEntries(new TextDecoder("utf-8", { fatal: true }).decode(text))
    ) {
      if (name === metadataKey) metadata = readMetadata(value, refuse);
      else tensors.push(readEntry(name, value, refuse));
    }
  } catch (cause) {
    if (cause instanceof SafetensorsError) throw cause;
    const complaint = cause instanceof SyntaxError ? cause.message : "it is not UTF-8";
    throw new SafetensorsError(path, `its header is not a table of tensors: ${complaint}`, {
      cause,
    });
  }
  return { metadata, tensors: placed(tensors, dataBytes, refuse) };
}
