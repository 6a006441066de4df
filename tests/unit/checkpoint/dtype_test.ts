// Stored numbers against arithmetic with powers of two: no bit pattern of the code under test is used to judge it.

import { assertEquals, assertThrows } from "@std/assert";
import {
  bytesPerNumber,
  decodeNumbers,
  type DType,
  dtypes,
  encodeNumbers,
  storedDTypes,
  storeNumbers,
  ulp,
} from "../../../lib/checkpoint/dtype.ts";
import { Random } from "../../../lib/core/random.ts";

interface Format {
  readonly exponentBits: number;
  readonly fractionBits: number;
}

const halves: Readonly<Record<"F16" | "BF16", Format>> = {
  F16: { exponentBits: 5, fractionBits: 10 },
  BF16: { exponentBits: 8, fractionBits: 7 },
};

const formats: Readonly<Record<"F16" | "BF16" | "F32", Format>> = {
  ...halves,
  F32: { exponentBits: 8, fractionBits: 23 },
};

const smallest = ({ exponentBits }: Format): number => 2 - 2 ** (exponentBits - 1);

/** What a bit pattern stands for. */
function meaning(format: Format, pattern: number): number {
  const { exponentBits, fractionBits } = format;
  const fraction = pattern % 2 ** fractionBits;
  const exponent = Math.floor(pattern / 2 ** fractionBits) % 2 ** exponentBits;
  const sign = pattern >= 2 ** (exponentBits + fractionBits) ? -1 : 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  const significand = fraction + (exponent === 0 ? 0 : 2 ** fractionBits);
  return sign * significand * 2 ** (Math.max(exponent, 1) - 1 + smallest(format) - fractionBits);
}

/** The nearest number of a format, ties to even: exact, since it only scales by powers of two. */
function nearest(format: Format, number: number): number {
  if (!Number.isFinite(number) || number === 0) return number;
  const size = Math.abs(number);
  let exponent = smallest(format);
  while (size >= 2 ** (exponent + 1)) exponent++;
  const unit = 2 ** (exponent - format.fractionBits);
  const floor = Math.floor(size / unit);
  const rest = size / unit - floor;
  const rounded = (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0)) * unit;
  const largest = (2 - 2 ** -format.fractionBits) * 2 ** (1 - smallest(format));
  return Math.sign(number) * (rounded > largest ? Infinity : rounded);
}

const double = new Float64Array(1);
const long = new BigInt64Array(double.buffer);

/** The double that comes after a positive one, or so many steps after it. */
function step(number: number, steps: number): number {
  double[0] = number;
  long[0]! += BigInt(steps);
  return double[0];
}

const everyPattern = Uint16Array.from({ length: 65536 }, (_, pattern) => pattern);

function assertSame(found: Float64Array, expected: ArrayLike<number>, of: Float64Array): void {
  const at = found.findIndex((number, at) => !Object.is(number, expected[at]));
  if (at >= 0) assertEquals(found[at], expected[at], `element ${at}, of ${of[at]}`);
  assertEquals(found.length, expected.length);
}

for (const [dtype, format] of Object.entries(halves) as [DType, Format][]) {
  Deno.test(`decodeNumbers() and encodeNumbers() give all 65536 patterns of ${dtype} back`, () => {
    const bytes = new Uint8Array(everyPattern.buffer);
    const numbers = decodeNumbers(dtype, bytes);
    assertSame(numbers, Array.from(everyPattern, (pattern) => meaning(format, pattern)), numbers);
    const stored = new Uint16Array(encodeNumbers(dtype, numbers).buffer);
    everyPattern.forEach((pattern) => {
      if (Number.isNaN(numbers[pattern])) {
        assertEquals(meaning(format, stored[pattern]!), NaN, `pattern ${pattern}`);
      } else if (stored[pattern] !== pattern) {
        assertEquals(stored[pattern], pattern);
      }
    });
  });
}

/** Numbers where a second rounding, or rounding half up, would show: half way between neighbors, and one double beside it. */
function awkward(format: Format, lower: number, upper: number): number[] {
  const middle = Number.isFinite(upper) ? lower / 2 + upper / 2 : nearestBeyond(format);
  const around = [lower, step(lower, 1), middle, step(middle, -1), step(middle, 1)];
  return around.flatMap((number) => [number, -number]);
}

/** Half way from the largest number to the one that would follow. */
function nearestBeyond(format: Format): number {
  return (2 - 2 ** -(format.fractionBits + 1)) * 2 ** (1 - smallest(format));
}

for (const [dtype, format] of Object.entries(formats) as [DType, Format][]) {
  Deno.test(`encodeNumbers() rounds once to ${dtype}, to nearest, ties to even`, () => {
    const random = new Random(7, dtype);
    const infinity = (2 ** format.exponentBits - 1) * 2 ** format.fractionBits;
    const patterns = dtype === "F32"
      ? [
        ...Array.from({ length: 20000 }, () => random.integer(infinity)),
        ...[0, 1, 2, 2 ** 23 - 1, 2 ** 23, infinity - 2, infinity - 1],
      ]
      : Array.from(everyPattern.subarray(0, infinity));
    const numbers = Float64Array.from([
      ...patterns.flatMap((pattern) =>
        awkward(format, meaning(format, pattern), meaning(format, pattern + 1))
      ),
      ...[NaN, Infinity, -Infinity, 0, -0, Number.MAX_VALUE, Number.MIN_VALUE, -Number.MIN_VALUE],
      ...Array.from({ length: 1000 }, () => random.normal() * 2 ** (random.integer(300) - 150)),
    ]);
    const found = decodeNumbers(dtype, encodeNumbers(dtype, numbers));
    assertSame(found, numbers.map((number) => nearest(format, number)), numbers);
  });
}

Deno.test("storeNumbers() refuses what would become infinite, and nothing else", () => {
  for (
    const [dtype, digits, exponent] of [["F32", 24, 127], ["BF16", 8, 127], [
      "F16",
      11,
      15,
    ]] as const
  ) {
    const step = 2 ** (exponent + 1 - digits);
    const last = 2 * 2 ** exponent - step;
    const kept = Float64Array.of(last, -last, Infinity, -Infinity, NaN, last + 0.49 * step, 1e-320);
    assertEquals(storeNumbers(dtype, kept, "w"), encodeNumbers(dtype, kept));
    for (const beyond of [last + step / 2, -last - step / 2, last * 4]) {
      const numbers = Float64Array.of(1, beyond);
      assertEquals(Math.abs(decodeNumbers(dtype, encodeNumbers(dtype, numbers))[1]!), Infinity);
      assertThrows(
        () => storeNumbers(dtype, numbers, "w"),
        RangeError,
        `Cannot store ${beyond} of w as ${dtype}: it must be at most ${last} in size; F64`,
      );
    }
  }
  const all = Float64Array.of(Number.MAX_VALUE, -Infinity);
  assertEquals(storeNumbers("F64", all, "w"), encodeNumbers("F64", all));
  assertThrows(
    () => storeNumbers("F16", Float64Array.of(1e6), "w"),
    RangeError,
    "; F64, F32, BF16 hold it",
  );
});

Deno.test("decodeNumbers() and encodeNumbers() give F64 back bit for bit", () => {
  const numbers = Float64Array.of(0, -0, 5e-324, -1.5, Number.MAX_VALUE, Infinity, -Infinity, 0.1);
  const bytes = encodeNumbers("F64", numbers);
  assertEquals(bytes, new Uint8Array(numbers.buffer));
  assertSame(decodeNumbers("F64", bytes), numbers, numbers);
  bytes.fill(1);
  assertEquals(numbers[3], -1.5); // no memory is shared
});

const ranges: readonly (readonly [DType, bigint, bigint])[] = [
  ["I64", -(2n ** 63n), 2n ** 63n - 1n],
  ["I32", -(2n ** 31n), 2n ** 31n - 1n],
  ["I16", -32768n, 32767n],
  ["I8", -128n, 127n],
  ["U8", 0n, 255n],
  ["BOOL", 0n, 1n],
];

for (const [dtype, least, greatest] of ranges) {
  const most = dtype === "I64" ? 2 ** 63 - 1024 : Number(greatest); // doubles near 2⁶³ lie 1024 apart
  Deno.test(`encodeNumbers() stores whole numbers as ${dtype} and refuses others`, () => {
    const numbers = Float64Array.of(Number(least), 0, 1, most);
    const bytes = encodeNumbers(dtype, numbers);
    assertEquals(bytes.length, 4 * bytesPerNumber(dtype));
    assertSame(decodeNumbers(dtype, bytes), numbers, numbers);
    const below = dtype === "I64" ? -(2 ** 63) - 2048 : Number(least) - 1;
    const above = dtype === "I64" ? 2 ** 63 : Number(greatest) + 1;
    for (const wrong of [0.5, NaN, Infinity, -Infinity, below, above, 2 ** 70, -1e300]) {
      assertThrows(
        () => encodeNumbers(dtype, Float64Array.of(0, wrong)),
        RangeError,
        `Cannot store ${wrong} as ${dtype}: it must be a whole number from ${least} to ${greatest}`,
      );
    }
  });
}

Deno.test("decodeNumbers() reads I64 as DataView does, and refuses those that float64 would round", () => {
  const random = new Random(3);
  const exact = [0n, -1n, 2n ** 53n, -(2n ** 53n), 2n ** 53n + 2n, 2n ** 62n, -(2n ** 63n)];
  const some = Array.from({ length: 1000 }, () => BigInt(Math.floor(random.normal() * 2 ** 50)));
  const stored = BigInt64Array.from([...exact, ...some]);
  const numbers = decodeNumbers("I64", new Uint8Array(stored.buffer));
  assertSame(numbers, Array.from(stored, Number), numbers);
  assertEquals(new BigInt64Array(encodeNumbers("I64", numbers).buffer), stored);
  for (const wrong of [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n]) {
    assertThrows(
      () => decodeNumbers("I64", new Uint8Array(BigInt64Array.of(wrong).buffer)),
      RangeError,
      `Cannot read ${wrong} as a float64: the nearest is ${BigInt(Number(wrong))}; copy its bytes`,
    );
  }
});

Deno.test("decodeNumbers() reads a BOOL as 1 unless its byte is 0", () => {
  assertEquals(decodeNumbers("BOOL", Uint8Array.of(0, 1, 2, 255)), Float64Array.of(0, 1, 1, 1));
});

Deno.test("decodeNumbers() reads bytes at any place of a buffer, and shares none of it", () => {
  for (const dtype of dtypes) {
    const bytes = encodeNumbers(dtype, Float64Array.of(1, 0, 1));
    for (let offset = 0; offset < 9; offset++) {
      const moved = new Uint8Array(offset + bytes.length);
      moved.set(bytes, offset);
      const numbers = decodeNumbers(dtype, moved.subarray(offset));
      moved.fill(0);
      assertEquals(numbers, Float64Array.of(1, 0, 1), `${dtype} at ${offset}`);
    }
  }
});

Deno.test("decodeNumbers() refuses bytes that end within a number", () => {
  assertThrows(
    () => decodeNumbers("F32", new Uint8Array(6)),
    RangeError,
    "Cannot read 6 bytes as F32: they must be a multiple of 4",
  );
});

Deno.test("dtypes are ten, widest first", () => {
  const expected = ["I64", "F64", "F32", "I32", "BF16", "F16", "I16", "I8", "U8", "BOOL"];
  assertEquals([...dtypes], expected);
  assertEquals(dtypes.map(bytesPerNumber), [8, 8, 4, 4, 2, 2, 2, 1, 1, 1]);
});

Deno.test("storedDTypes are in the order in which safetensors 0.8 writes them; what is not among dtypes is refused as numbers", () => {
  assertEquals(storedDTypes.filter((dtype) => dtypes.includes(dtype)), [...dtypes]);
  const others = storedDTypes.filter((dtype) => !dtypes.includes(dtype));
  const bits = others.map((dtype) => 8 * bytesPerNumber(dtype));
  assertEquals(bits, [64, 64, 32, 16, 8, 8, 8, 8, 8, 6, 6, 4], others.join());
  for (const dtype of others) {
    const refusal = `Cannot compute with numbers that are stored as ${dtype}: they must be one of`;
    assertThrows(() => decodeNumbers(dtype, new Uint8Array(24)), RangeError, refusal);
    assertThrows(() => encodeNumbers(dtype, new Float64Array(3)), RangeError, refusal);
    assertThrows(() => ulp(dtype, 1), RangeError, refusal);
  }
});

Deno.test("ulp() is the distance to the next stored number", () => {
  for (const [dtype, format] of Object.entries(formats) as [DType, Format][]) {
    const largest = (2 ** format.exponentBits - 1) * 2 ** format.fractionBits - 1;
    const jump = dtype === "F32" ? 65521 : 1;
    for (let pattern = 0; pattern < largest; pattern += jump) {
      const value = meaning(format, pattern);
      const distance = meaning(format, pattern + 1) - value;
      if (ulp(dtype, value) !== distance || ulp(dtype, -value) !== distance) {
        assertEquals([value, ulp(dtype, value), ulp(dtype, -value)], [value, distance, distance]);
      }
    }
    const last = meaning(format, largest);
    assertEquals(ulp(dtype, last), last - meaning(format, largest - 1));
    assertEquals(ulp(dtype, 2 * last), Infinity);
  }
  for (let exponent = -1074; exponent < 1024; exponent++) {
    const value = 2 ** exponent;
    assertEquals(ulp("F64", value), step(value, 1) - value, `F64 at 2^${exponent}`);
  }
  assertEquals(ulp("F64", Number.MAX_VALUE), 2 ** 971);
});

Deno.test("ulp() lies between numbers that are not stored, and has values for all others", () => {
  assertEquals(ulp("F16", 1 + 1e-9), 2 ** -10);
  assertEquals(ulp("BF16", 1.999), 2 ** -7);
  assertEquals(ulp("F16", 65504.1), Infinity);
  assertEquals(ulp("F32", Infinity), Infinity);
  assertEquals(ulp("F32", NaN), NaN);
  assertEquals(ulp("I8", 100), 1);
});
