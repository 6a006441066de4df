/**
 * The one comparison of float64 rows that the reference and golden tests use.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Row } from "./rows.ts";

/**
 * Asserts that two rows agree to a tolerance relative to the largest expected magnitude, at least 1.
 * The default is what central differences at 1e-6 can resolve.
 */
export function assertClose(actual: Row, expected: Row, message: string, tolerance = 1e-7): void {
  assertEquals(actual.length, expected.length, `${message}: length`);
  const bound = tolerance * Math.max(1, ...Array.from(expected, Math.abs));
  Array.from(
    expected,
    (value, index) =>
      assertAlmostEquals(actual[index] as number, value, bound, `${message}, element ${index}`),
  );
}
