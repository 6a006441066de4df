import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { labelPitch, spreadLabels } from "../../../lib/plots/end_labels.ts";

Deno.test("spreadLabels() leaves positions that are far enough apart", () => {
  assertEquals(spreadLabels([90, 10, 50], 14, 0, 100), [90, 10, 50]);
});

Deno.test("spreadLabels() centers equal positions on their wish, in their order", () => {
  assertEquals(spreadLabels([50, 50, 50], 10, 0, 100), [40, 50, 60]);
});

Deno.test("spreadLabels() keeps the distance of twelve equal positions at the edge", () => {
  const placed = spreadLabels(Array<number>(12).fill(200), labelPitch, 0, 200);
  placed.slice(1).forEach((at, k) => assertAlmostEquals(at - placed[k]!, labelPitch));
  assertAlmostEquals(placed.at(-1)!, 200);
});

Deno.test("spreadLabels() keeps distance, order and interval for any wishes", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 1, maxLength: 20 }),
    (wanted) => {
      const placed = spreadLabels(wanted, 14, 0, 300);
      const sorted = [...placed].sort((a, b) => a - b);
      assert(sorted[0]! >= -1e-9 && sorted.at(-1)! <= 300 + 1e-9);
      sorted.slice(1).forEach((at, k) => assert(at - sorted[k]! >= 14 - 1e-9));
      wanted.forEach((a, i) =>
        wanted.forEach((b, j) => assert(!(a < b) || placed[i]! < placed[j]!))
      );
    },
  ));
});
