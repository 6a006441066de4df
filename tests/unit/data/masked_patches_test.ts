// maskBlocks(): how many patches, in which shapes, and as often here as there. Counts are compared within 4.5 standard deviations.

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Random } from "../../../lib/core/mod.ts";
import { maskBlocks } from "../../../lib/data/mod.ts";

/** Masks of many images. */
function masks(grid: readonly [number, number], count: number, share = 0.4): number[][] {
  const random = new Random(1);
  return Array.from({ length: count }, () => maskBlocks(grid, random, { share }));
}

Deno.test("maskBlocks() masks more than the share, and little more than the last block", () => {
  for (const [down, across] of [[14, 14], [4, 4], [7, 3], [2, 2], [1, 9]] as const) {
    for (const share of [0.1, 0.4, 0.75]) {
      const patches = down * across;
      // both sides are rounded: (√(s r) + ½)(√(s / r) + ½) with s the most that was left, or the least block
      const size = Math.max(1, 16 / 196 * patches, share * patches);
      const block = size + (0.5 * Math.sqrt(size)) * (0.3 ** 0.5 + 0.3 ** -0.5) + 0.25;
      for (const places of masks([down, across], 200, share)) {
        assert(places.length > share * patches, `${places.length} of ${patches}`);
        assert(places.length <= Math.min(patches, share * patches + block));
        assertEquals(places, [...new Set(places)].sort((a, b) => a - b));
        assert(places[0]! >= 0 && places.at(-1)! < patches);
      }
    }
  }
});

Deno.test("maskBlocks() starts with a rectangle of the paper's least size and proportions", () => {
  const seen = new Set<string>();
  for (const places of masks([14, 14], 500, 0.001)) { // one block is enough
    const [rows, columns] = [places.map((at) => Math.floor(at / 14)), places.map((at) => at % 14)];
    const height = rows.at(-1)! - rows[0]! + 1;
    const width = Math.max(...columns) - Math.min(...columns) + 1;
    assertEquals(places.length, height * width, "it is full");
    // 16 patches, from √(16 · 0.3) = 2.2 to √(16 / 0.3) = 7.3 high, both sides rounded
    assert(Math.min(height, width) >= 2 && Math.max(height, width) <= 7, `${height} × ${width}`);
    assert(places.length >= 2 * 6 && places.length <= 4 * 5, `${height} × ${width}`);
    seen.add(`${height} × ${width}`);
  }
  assert(seen.size >= 9, [...seen].join());
});

Deno.test("maskBlocks() is as likely in a mirror, and across as down", () => {
  const count = 6000;
  const side = 6;
  const counts = new Array<number>(side * side).fill(0);
  for (const places of masks([side, side], count)) for (const at of places) counts[at]! += 1;
  const of = (row: number, column: number): number => counts[row * side + column]!;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      // of one mask the difference of two places has the mean 0 and a variance of 1 at most
      for (
        const other of [of(row, side - 1 - column), of(side - 1 - row, column), of(column, row)]
      ) {
        assert(Math.abs(of(row, column) - other) <= 4.5 * Math.sqrt(count), `${row}, ${column}`);
      }
    }
  }
});

Deno.test("maskBlocks() masks blocks: neighbors of masked patches are masked more often than others", () => {
  let [pairs, both, masked] = [0, 0, 0];
  for (const places of masks([14, 14], 300)) {
    const held = new Set(places);
    masked += held.size / 300 / 196;
    for (const at of places.filter((at) => at % 14 < 13)) {
      pairs++;
      both += Number(held.has(at + 1));
    }
  }
  assert(masked > 0.4 && masked < 0.5, `${masked}`);
  assert(both / pairs > 0.75, `${both / pairs}: of single patches it would be ${masked}`);
});

Deno.test("maskBlocks() repeats by seed, and says what cannot be masked", () => {
  const draw = (seed: number) => maskBlocks([14, 14], new Random(seed));
  assertEquals(draw(3), draw(3));
  assertNotEquals(draw(3), draw(4));
  const random = new Random(0);
  const refused: readonly (readonly [() => unknown, string])[] = [
    [
      () => maskBlocks([1, 3], random),
      "Cannot mask blocks of 1 × 3 patches: there must be 4 at least",
    ],
    [() => maskBlocks([0, 9], random), "Cannot use down = 0"],
    [() => maskBlocks([4, 2.5], random), "Cannot use across = 2.5"],
    [() => maskBlocks([4, 4], random, { share: 1 }), "Cannot use share = 1"],
    [() => maskBlocks([4, 4], random, { share: 0 }), "Cannot use share = 0"],
  ];
  for (const [act, message] of refused) assertThrows(act, RangeError, message);
});
