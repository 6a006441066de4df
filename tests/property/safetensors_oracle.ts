// The safetensors format a second time, on JSON.parse and DataView: what a file holds, or that it breaks a rule.

import type { DType } from "../../lib/checkpoint/dtype.ts";

/** A tensor of a file. */
export interface Found {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** How to read one number of each dtype. */
const readers: Readonly<
  Partial<Record<DType, readonly [bytes: number, (v: DataView, at: number) => number]>>
> = {
  F64: [8, (view, at) => view.getFloat64(at, true)],
  F32: [4, (view, at) => view.getFloat32(at, true)],
  F16: [2, (view, at) => view.getFloat16(at, true)],
  BF16: [2, (view, at) => {
    const word = new DataView(new ArrayBuffer(4));
    word.setUint16(0, view.getUint16(at, true));
    return word.getFloat32(0);
  }],
  I64: [8, (view, at) => Number(view.getBigInt64(at, true))],
  I32: [4, (view, at) => view.getInt32(at, true)],
  I16: [2, (view, at) => view.getInt16(at, true)],
  I8: [1, (view, at) => view.getInt8(at)],
  U8: [1, (view, at) => view.getUint8(at)],
  BOOL: [1, (view, at) => Math.min(view.getUint8(at), 1)],
};

/** The bits of a number of the other dtypes, which is not computed with. */
const others: Readonly<Partial<Record<DType, number>>> = {
  ...{ U64: 64, C64: 64, U32: 32, U16: 16, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8 },
  ...{ F8_E5M2FNUZ: 8, F8_E4M3FNUZ: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4 },
};

/** The numbers of a tensor; undefined if float64 has one of them only rounded, or they are not computed with. */
export function numbersOf({ dtype, bytes }: Found): Float64Array | undefined {
  const reader = readers[dtype];
  if (reader === undefined) return undefined;
  const [size, read] = reader;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = Float64Array.from(
    { length: bytes.length / size },
    (_, at) => read(view, at * size),
  );
  const isExact = dtype !== "I64" ||
    numbers.every((number, at) => BigInt(number) === view.getBigInt64(at * 8, true));
  return isExact ? numbers : undefined;
}

/** A number as it was written. */
class Literal {
  constructor(readonly text: string) {}
}

/** What `JSON.parse` tells a reviver of a primitive. */
type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

function require(condition: boolean): asserts condition {
  if (!condition) throw new SyntaxError("a rule of the format is broken");
}

/** The whole number of a literal of digits. */
function whole(value: unknown): number {
  require(value instanceof Literal && /^\d+$/.test(value.text));
  const number = Number(value.text);
  require(Number.isSafeInteger(number));
  return number;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Literal);
}

/** All names of all tables, equal ones counted once. */
function countNames(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum, child) => sum + countNames(child), 0);
  if (!isTable(value)) return 0;
  const names = Object.keys(value);
  require(names.every((name) => name.isWellFormed()));
  return Object.values(value).reduce((sum: number, child) => sum + countNames(child), names.length);
}

function parse(text: string): Record<string, unknown> {
  const keep: Reviver = (_, value, context) => {
    if (typeof value === "number") {
      require(Number.isFinite(value));
      return new Literal(context!.source!);
    }
    require(typeof value !== "string" || value.isWellFormed());
    return value;
  };
  const root: unknown = JSON.parse(text, keep);
  const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"[ \t\n\r]*(:?)/g)].filter(([, colon]) =>
    colon === ":"
  );
  require(isTable(root) && countNames(root) === written.length); // none hides an equal one
  return root;
}

function read(file: Uint8Array): Map<string, Found> {
  require(file.length >= 8);
  const view = new DataView(file.buffer, file.byteOffset);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  require(length <= 1e8 && 8 + length <= file.length);
  const header = file.subarray(8, 8 + length);
  const data = file.subarray(8 + length);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  require(text.startsWith("{"));
  const { __metadata__: metadata, ...entries } = parse(text);
  require(
    metadata === undefined || metadata === null ||
      (isTable(metadata) && Object.values(metadata).every((value) => typeof value === "string")),
  );
  const tensors = Object.entries(entries).map(([name, entry]) => {
    require(isTable(entry));
    const { dtype, shape, data_offsets: offsets } = entry;
    const known = (table: object): boolean => Object.hasOwn(table, dtype as string);
    require(typeof dtype === "string" && (known(readers) || known(others)));
    require(Array.isArray(shape) && Array.isArray(offsets) && offsets.length === 2);
    const lengths = shape.map(whole);
    const [start, end] = offsets.map(whole) as [number, number];
    let numbers = 1;
    for (const length of lengths) {
      numbers *= length;
      require(Number.isSafeInteger(numbers));
    }
    const bytes = numbers * (readers[dtype as DType]?.[0] ?? others[dtype as DType]! / 8);
    require(Number.isSafeInteger(bytes) && end - start === bytes);
    return { name, dtype: dtype as DType, shape: lengths, start, end };
  }).sort((a, b) => a.start - b.start || a.end - b.end);
  tensors.forEach(({ start }, at) => require(start === (tensors[at - 1]?.end ?? 0)));
  require((tensors.at(-1)?.end ?? 0) === data.length);
  return new Map(
    tensors.map(({ name, dtype, shape, start, end }) => [
      name,
      { dtype, shape, bytes: data.subarray(start, end) },
    ]),
  );
}

/**
 * What a file holds.
 *
 * @param file The file's bytes.
 * @returns Its tensors by name, in the order of storage; undefined if it breaks a rule of the format.
 */
export function judge(file: Uint8Array): Map<string, Found> | undefined {
  try {
    return read(file);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
