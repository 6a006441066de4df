// Comparison of arrays relative to the largest expected magnitude, so that elements near 0 do not decide.

import { assert, assertEquals } from "@std/assert";

/**
 * Asserts that numbers agree; a failure prints the worst element.
 *
 * @param actual What was computed.
 * @param expected What it should be.
 * @param limit The largest allowed |actual − expected| / max |expected|; absolute where all expected numbers are 0.
 * @param what Names the quantity in the message.
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  limit: number,
  what: string,
): void {
  assertEquals(actual.length, expected.length, `${what}: length`);
  const largest = Array.from(expected).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = largest === 0 ? 1 : largest;
  let worst = 0;
  let distance = -1;
  for (let at = 0; at < actual.length; at++) {
    const found = Math.abs(actual[at]! - expected[at]!) / scale;
    if (Number.isNaN(found) || found > distance) [worst, distance] = [at, found];
    if (Number.isNaN(found)) break;
  }
  assert(
    distance <= limit,
    `${what}: element ${worst} of ${actual.length} is ${actual[worst]}, expected ${
      expected[worst]
    }; ` +
      `relative to the largest, ${scale}, that is ${
        distance.toExponential(2)
      } of an allowed ${limit}`,
  );
}
