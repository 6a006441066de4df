import { assertEquals } from "@std/assert";
import { extent, greatest, least } from "../../../lib/core/extent.ts";

Deno.test("extent() of any count of numbers is what Math.min() and Math.max() say of a few", () => {
  for (const values of [[], [3], [2, -1, 5], [0, -0], [-Infinity, 1], [1, NaN, 2], [Infinity]]) {
    assertEquals(extent(values), [Math.min(...values), Math.max(...values)]);
    assertEquals([least(values), greatest(values)], extent(values));
  }
  assertEquals(extent(Array.from({ length: 1_000_000 }, (_, index) => index)), [0, 999_999]);
});
