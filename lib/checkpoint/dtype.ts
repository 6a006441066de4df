// How numbers are stored in safetensors files, and the way from there to float64 and back. Files are little-endian, as is every
// machine that Deno runs on, so typed arrays read them where they are.

import { fromHalves, toHalves } from "./float16.ts";

/** How a tensor's numbers are stored: what is computed with, and in the last two lines what is copied as it is. */
export type DType =
  | ("I64" | "F64" | "F32" | "I32" | "BF16" | "F16" | "I16" | "I8" | "U8" | "BOOL")
  | ("U64" | "C64" | "U32" | "U16" | "F8_E5M2FNUZ" | "F8_E4M3FNUZ" | "F8_E8M0" | "F8_E4M3")
  | ("F8_E5M2" | "F6_E3M2" | "F6_E2M3" | "F4");

/** One kind of storage. */
interface Storage {
  readonly bytes: number;
  /** Of floating-point numbers: binary digits of a significand, and the exponent of the smallest normal number. */
  readonly float?: { readonly digits: number; readonly smallest: number };
  decode(bytes: Uint8Array): Float64Array<ArrayBuffer>;
  encode(numbers: Float64Array): Uint8Array<ArrayBuffer>;
}

/** The constructor of a typed array. */
interface ArrayType<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (numbers: ArrayLike<number>): A;
  new (buffer: ArrayBufferLike, offset: number, length: number): A;
}

/** The bytes as an array of numbers: in place where they are aligned, else a copy. */
function viewOf<A>(type: ArrayType<A>, bytes: Uint8Array): A {
  const size = type.BYTES_PER_ELEMENT;
  const { buffer, byteOffset, length } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new type(buffer, byteOffset, length / size);
}

function bytesOf({ buffer }: { readonly buffer: ArrayBuffer }): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer);
}

type Floats = Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer>;

/** Floating-point numbers that have a typed array, whose constructor rounds to nearest even. */
function floats(type: ArrayType<Floats>, digits: number, smallest: number): Storage {
  return {
    bytes: type.BYTES_PER_ELEMENT,
    float: { digits, smallest },
    decode: (bytes) => new Float64Array(viewOf(type, bytes)),
    encode: (numbers) => bytesOf(new type(numbers)),
  };
}

/** Half precision, where there is no typed array of it. */
const halves: Storage = {
  bytes: 2,
  float: { digits: 11, smallest: -14 },
  decode: (bytes) => fromHalves(viewOf(Uint16Array, bytes)),
  encode: (numbers) => bytesOf(toHalves(numbers)),
};

/** The upper halves of float32 numbers. */
const bfloats: Storage = {
  bytes: 2,
  float: { digits: 8, smallest: -126 },
  decode: (bytes) => {
    const halves = viewOf(Uint16Array, bytes);
    const words = new Uint32Array(halves.length);
    for (let at = 0; at < words.length; at++) words[at] = halves[at]! << 16;
    return new Float64Array(new Float32Array(words.buffer));
  },
  encode: (numbers) => {
    const singles = new Float32Array(numbers);
    const words = new Uint32Array(singles.buffer);
    const halves = new Uint16Array(words.length);
    for (let at = 0; at < words.length; at++) {
      let word = words[at]!;
      if ((word & 0x7fffffff) > 0x7f800000) { // not a number: quiet, so that its lower half can go
        halves[at] = (word >>> 16) | 0x40;
        continue;
      }
      if ((word & 0xffff) === 0x8000 && singles[at] !== numbers[at]) {
        // Half way between two, but only since it was rounded to single: one step back to where it came from.
        word += Math.abs(singles[at]!) > Math.abs(numbers[at]!) ? -1 : 1;
      }
      halves[at] = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    }
    return bytesOf(halves);
  },
};

type Wholes =
  | Int32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

function refuse(dtype: DType, number: number, least: bigint, greatest: bigint): never {
  throw new RangeError(
    `Cannot store ${number} as ${dtype}: it must be a whole number from ${least} to ${greatest}`,
  );
}

/** Whole numbers that have a typed array, whose constructor changes those that do not fit. */
function wholes(dtype: DType, type: ArrayType<Wholes>): Storage {
  const bits = BigInt(8 * type.BYTES_PER_ELEMENT);
  const [least, greatest] = dtype.startsWith("U")
    ? [0n, 2n ** bits - 1n]
    : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  return {
    bytes: type.BYTES_PER_ELEMENT,
    decode: (bytes) => new Float64Array(viewOf(type, bytes)),
    encode: (numbers) => {
      const stored = new type(numbers);
      for (let at = 0; at < stored.length; at++) {
        if (stored[at] !== numbers[at]) refuse(dtype, numbers[at]!, least, greatest);
      }
      return bytesOf(stored);
    },
  };
}

const word = 2 ** 32;

/** Whole numbers of two 32-bit words, the lower one first. */
const longs: Storage = {
  bytes: 8,
  decode: (bytes) => {
    const words = viewOf(Int32Array, bytes);
    const numbers = new Float64Array(words.length / 2);
    for (let at = 0; at < numbers.length; at++) {
      const [low, high] = [words[2 * at]! >>> 0, words[2 * at + 1]!];
      const number = high * word + low;
      if (Math.abs(number) >= 2 ** 53) {
        const stored = BigInt(high) * BigInt(word) + BigInt(low);
        if (BigInt(number) !== stored) {
          throw new RangeError(
            `Cannot read ${stored} as a float64: the nearest is ${BigInt(number)}; copy its bytes`,
          );
        }
      }
      numbers[at] = number;
    }
    return numbers;
  },
  encode: (numbers) => {
    const words = new Int32Array(2 * numbers.length);
    for (let at = 0; at < numbers.length; at++) {
      const number = numbers[at]!;
      const high = Math.floor(number / word);
      words[2 * at] = number - high * word;
      words[2 * at + 1] = high;
      if (words[2 * at + 1]! * word + (words[2 * at]! >>> 0) !== number) {
        refuse("I64", number, -(2n ** 63n), 2n ** 63n - 1n);
      }
    }
    return bytesOf(words);
  },
};

const truths: Storage = {
  bytes: 1,
  decode: (bytes) => {
    const numbers = new Float64Array(bytes.length);
    for (let at = 0; at < bytes.length; at++) numbers[at] = bytes[at] === 0 ? 0 : 1;
    return numbers;
  },
  encode: (numbers) => {
    const bytes = new Uint8Array(numbers);
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] !== numbers[at] || bytes[at]! > 1) refuse("BOOL", numbers[at]!, 0n, 1n);
    }
    return bytes;
  },
};

const storages = {
  I64: longs,
  F64: floats(Float64Array, 53, -1022),
  F32: floats(Float32Array, 24, -126),
  I32: wholes("I32", Int32Array),
  BF16: bfloats,
  F16: "Float16Array" in globalThis ? floats(Float16Array, 11, -14) : halves,
  I16: wholes("I16", Int16Array),
  I8: wholes("I8", Int8Array),
  U8: wholes("U8", Uint8Array),
  BOOL: truths,
} as const satisfies Partial<Record<DType, Storage>>;

/** Dtypes of the format whose tensors are copied as they are. */
type Opaque = Exclude<DType, keyof typeof storages>;

/** The bits of the others. */
const opaque: Readonly<Record<Opaque, number>> = {
  ...{ U64: 64, C64: 64, U32: 32, U16: 16 },
  ...{ F8_E5M2FNUZ: 8, F8_E4M3FNUZ: 8, F8_E8M0: 8, F8_E4M3: 8, F8_E5M2: 8 },
  ...{ F6_E3M2: 6, F6_E2M3: 6, F4: 4 },
};

const isOpaque = (dtype: DType): dtype is Opaque => Object.hasOwn(opaque, dtype);

/** Every dtype that is computed with, widest first. */
export const dtypes: readonly DType[] = Object.keys(storages) as DType[];

/** The floating-point numbers among them, in which parameters are. */
export const floatDTypes: readonly DType[] = dtypes.filter((dtype) => dtype.includes("F"));

/** Every dtype of the format, widest first: the order in which tensors lie in a file. */
export const storedDTypes: readonly DType[] = [
  ...(["U64", "I64", "F64", "C64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16"] as const),
  ...(["F8_E5M2FNUZ", "F8_E4M3FNUZ", "F8_E8M0", "F8_E4M3", "F8_E5M2", "I8", "U8"] as const),
  ...(["F6_E3M2", "F6_E2M3", "F4", "BOOL"] as const),
];

/** How the numbers of a dtype are read and written. */
function storageOf(dtype: DType): Storage {
  if (!isOpaque(dtype)) return storages[dtype];
  throw new RangeError(
    `Cannot compute with numbers that are stored as ${dtype}: they must be one of ${
      dtypes.join(", ")
    }; tensors of other dtypes are copied as they are`,
  );
}

/**
 * The size of a stored number.
 *
 * Units: bytes.
 *
 * @param dtype How it is stored.
 * @returns 1, 2, 4 or 8; less of those that share bytes.
 */
export function bytesPerNumber(dtype: DType): number {
  return isOpaque(dtype) ? opaque[dtype] / 8 : storages[dtype].bytes;
}

/**
 * Reads stored numbers. A BOOL is 1 unless its byte is 0.
 *
 * @param dtype How they are stored.
 * @param bytes The bytes; they are not kept.
 * @returns The numbers, each exactly what is stored.
 * @throws {RangeError} If the bytes end within a number, an I64 is none that float64 has, or the dtype is not computed with.
 */
export function decodeNumbers(dtype: DType, bytes: Uint8Array): Float64Array<ArrayBuffer> {
  const storage = storageOf(dtype);
  if (bytes.length % storage.bytes !== 0) {
    throw new RangeError(
      `Cannot read ${bytes.length} bytes as ${dtype}: they must be a multiple of ${storage.bytes}`,
    );
  }
  return storage.decode(bytes);
}

/**
 * Stores numbers. Floating-point numbers are rounded once, to nearest, ties to even; those beyond the largest become infinite.
 *
 * @param dtype How to store them.
 * @param numbers The numbers.
 * @returns Their bytes.
 * @throws {RangeError} If the dtype has whole numbers, and one is not whole or out of its range, or it is not computed with.
 */
export function encodeNumbers(dtype: DType, numbers: Float64Array): Uint8Array<ArrayBuffer> {
  return storageOf(dtype).encode(numbers);
}

/** The largest number of a floating-point dtype. */
function largestOf({ digits, smallest }: NonNullable<Storage["float"]>): number {
  return (2 - 2 ** (1 - digits)) * 2 ** (1 - smallest);
}

/** A number that would become infinite in a dtype. */
function overflowIn(dtype: DType, numbers: Float64Array): number | undefined {
  const { float } = storageOf(dtype);
  if (float === undefined) return undefined;
  const least = largestOf(float) + 2 ** (1 - float.smallest - float.digits); // half way to what would be next, and is even
  for (let at = 0; at < numbers.length; at++) {
    const size = Math.abs(numbers[at]!);
    if (size >= least && size < Infinity) return numbers[at];
  }
  return undefined;
}

/**
 * Stores numbers of a tensor, of which none may become infinite that is not.
 *
 * @param dtype How to store them.
 * @param numbers The numbers.
 * @param name The tensor, for messages.
 * @returns Their bytes.
 * @throws {RangeError} If the dtype does not hold one of them.
 */
export function storeNumbers(
  dtype: DType,
  numbers: Float64Array,
  name: string,
): Uint8Array<ArrayBuffer> {
  const large = overflowIn(dtype, numbers);
  if (large === undefined) return encodeNumbers(dtype, numbers);
  const wider = floatDTypes.filter((other) =>
    overflowIn(other, Float64Array.of(large)) === undefined
  );
  throw new RangeError(
    `Cannot store ${large} of ${name} as ${dtype}: it must be at most ${
      largestOf(storageOf(dtype).float!)
    } in size; ${wider.join(", ")} hold it`,
  );
}

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);

/** The binary exponent of a number; −1023 below the smallest normal one. */
function exponentOf(number: number): number {
  scratch[0] = number;
  return ((scratchWords[1]! >>> 20) & 0x7ff) - 1023;
}

/**
 * The unit in the last place: how far the stored numbers around a value lie apart.
 *
 * @param dtype How numbers are stored.
 * @param value The value; at a power of two, the spacing above it counts.
 * @returns The spacing; 1 of whole numbers, infinite beyond the dtype's largest number, and NaN at NaN.
 * @throws {RangeError} If the dtype is not computed with.
 */
export function ulp(dtype: DType, value: number): number {
  const { float } = storageOf(dtype);
  if (Number.isNaN(value)) return NaN;
  if (float === undefined) return 1;
  if (Math.abs(value) > largestOf(float)) return Infinity;
  const { digits, smallest } = float;
  return 2 ** (Math.max(exponentOf(value), smallest) + 1 - digits);
}
