// Which row of a table of relative positions is that of a query and a key, and how many patches an input has.

import { assertEquals, assertThrows } from "@std/assert";
import { countPatches, gridOf } from "../../../lib/model/patches.ts";
import { countPlaces, placeOf } from "../../../lib/model/relative.ts";
import type { EntryOf } from "../../../lib/model/interpreter.ts";
import type { Relative } from "../../../lib/model/spec.ts";

const table = { table: "table" };

Deno.test("placeOf() of ranges has a place for each near distance, and for ranges that double", () => {
  // 8 places on each side: 0 to 3 one by one, then 4-5, 6-7, 8-11 and all beyond, of which 16 is the farthest
  const relative: Relative = { table, places: { kind: "ranges", count: 16, farthest: 16 } };
  const behind = [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7];
  for (const [distance, place] of behind.entries()) {
    assertEquals(placeOf(relative, 20, 20 - distance), place, `${distance} behind`);
    if (distance > 0) assertEquals(placeOf(relative, 20, 20 + distance), 8 + place);
  }
  assertEquals(countPlaces(relative), 16);
});

Deno.test("placeOf() of a grid has a place for each row and column between patches, and three of the class token", () => {
  const relative: Relative = { table, places: { kind: "grid", rows: 2, columns: 3 } };
  const patches = [0, 1].flatMap((row) => [0, 1, 2].map((column) => ({ row, column })));
  const seen = new Map<string, number>();
  for (const [i, q] of patches.entries()) {
    for (const [j, k] of patches.entries()) {
      const [down, across] = [q.row - k.row, q.column - k.column];
      const place = placeOf(relative, i + 1, j + 1);
      assertEquals(place, (down + 1) * 5 + across + 2);
      assertEquals(seen.get(`${down} ${across}`) ?? place, place);
      seen.set(`${down} ${across}`, place);
    }
  }
  assertEquals(new Set(seen.values()).size, 15);
  assertEquals([placeOf(relative, 0, 4), placeOf(relative, 4, 0), placeOf(relative, 0, 0)], [
    15,
    16,
    17,
  ]);
  assertEquals(countPlaces(relative), 18);
});

Deno.test("gridOf() counts patches that overlap, and refuses an image that others leave something of", () => {
  assertEquals(gridOf({ patchSize: 4 }, [8, 12]), [2, 3]);
  assertEquals(gridOf({ patchSize: 16, stride: [10, 10] }, [128, 1024]), [12, 101]);
  for (const size of [[8, 10], [2, 4], [0, 4]] as const) {
    assertThrows(() => gridOf({ patchSize: 4 }, size), RangeError, "into patches of 4 × 4");
  }
  const stride = [3, 3] as const;
  assertThrows(() => gridOf({ patchSize: 4, stride }, [3, 9]), RangeError, "an image of 3 × 9");
  const video: EntryOf<"patches"> = {
    kind: "patches",
    input: "video",
    patches: { weight: "w", bias: "b", layout: "out-in" },
    patchSize: 4,
    channels: 1,
    imageSize: [8, 12],
    frames: { count: 6, together: 2 },
    before: [],
  };
  assertEquals(countPatches(video), 18);
});
