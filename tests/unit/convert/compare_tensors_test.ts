// Tensors held against what they should be, byte by byte, in pieces of any length.

import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type DType, encodeNumbers } from "../../../lib/checkpoint/dtype.ts";
import type { PlannedTensor } from "../../../lib/checkpoint/writer.ts";
import { compareTensors } from "../../../lib/convert/compare_tensors.ts";

/** A tensor whose bytes come in pieces of so many numbers. */
function tensor(name: string, values: readonly number[], {
  dtype = "F32",
  shape = [values.length],
  piece = 3,
}: { dtype?: DType; shape?: readonly number[]; piece?: number } = {}): PlannedTensor {
  return {
    name,
    dtype,
    shape,
    chunks: async function* () {
      await Promise.resolve();
      for (let at = 0; at < values.length; at += piece) {
        yield encodeNumbers(dtype, Float64Array.from(values.slice(at, at + piece)));
      }
    },
  };
}

Deno.test("compareTensors() finds each number that differs, however both are cut into pieces", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 1, max: 2, noNaN: true }), { minLength: 1, maxLength: 40 }),
      fc.uniqueArray(fc.nat(39), { maxLength: 5 }),
      fc.constantFrom<DType>("F64", "F32", "F16", "BF16"),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      async (values, places, dtype, piece, other) => {
        const changed = values.map((value, at) => places.includes(at) ? value + 4 : value);
        const { numbers, differing, farthest, unlike } = await compareTensors(
          [tensor("a", values, { dtype, piece })],
          [tensor("a", changed, { dtype, piece: other })],
        );
        const expected = places.filter((at) => at < values.length);
        assertEquals([numbers, differing, unlike], [values.length, expected.length, []]);
        assertEquals(farthest === undefined, expected.length === 0);
        if (farthest !== undefined) assertEquals(expected.includes(farthest.at), true);
      },
    ),
    { numRuns: 60, seed: 13 },
  ));

Deno.test("compareTensors() tells how far the farthest number is, in units of the dtype", async () => {
  const expected = [1, 2, 4, 0, NaN];
  const actual = [1, 2 + 2 ** -21, 4 - 2 ** -22, -0, NaN];
  const found = await compareTensors([tensor("a", expected)], [tensor("a", actual)]);
  assertEquals(found, {
    tensors: 1,
    numbers: 5,
    differing: 3,
    farthest: { tensor: "a", at: 1, expected: 2, actual: 2 + 2 ** -21, ulp: 2 },
    unlike: [],
  });
});

Deno.test("compareTensors() measures what cancellation left by the largest number beside it", async () => {
  const [big, tiny] = [2 ** 10, 2 ** -40];
  const found = async (beside: number): Promise<number> => {
    const { farthest } = await compareTensors(
      [tensor("a", [beside, tiny])],
      [tensor("a", [beside, 2 * tiny])],
    );
    return farthest!.ulp;
  };
  assertEquals(await found(big), 2 ** -14);
  assertEquals(await found(tiny), 2 ** 23);
});

Deno.test("compareTensors() names tensors that are missing, additional, of another shape or dtype", async () => {
  const { unlike, numbers } = await compareTensors(
    [
      tensor("same", [1]),
      tensor("gone", [1]),
      tensor("turned", [1, 2], { shape: [1, 2] }),
      tensor("half", [1]),
    ],
    [
      tensor("same", [1]),
      tensor("turned", [1, 2], { shape: [2, 1] }),
      tensor("half", [1], { dtype: "F16" }),
      tensor("more", [1]),
    ],
  );
  assertEquals(numbers, 1);
  assertEquals(unlike, [
    "gone is missing",
    "turned is [2, 1] instead of [1, 2]",
    "half is F16 instead of F32",
    "more is additional",
  ]);
});

Deno.test("compareTensors() refuses a tensor that ends too early", () =>
  assertRejects(
    () => compareTensors([tensor("a", [1, 2, 3, 4])], [tensor("a", [1, 2, 3], { shape: [4] })]),
    RangeError,
    "Cannot read a: it ends too early",
  ));
