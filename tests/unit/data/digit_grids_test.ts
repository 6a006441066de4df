// Grids of digits: each caption says what the cells show, read back from the pixels.

import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  type CaptionDataset,
  type CaptionedImage,
  digitGrids,
  mnistDigits,
} from "../../../lib/data/mod.ts";

const names = "zero one two three four five six seven eight nine".split(" ");
const options = { count: 300, heldOutShare: 0.2, seed: 4 };
const digits = await mnistDigits({ heldOutShare: 0.2, seed: 4 });
const grids = await digitGrids(options);

/** The label of each digit, by its pixels. */
const labels = (part: "train" | "heldOut"): ReadonlyMap<string, number> =>
  new Map(digits[part].examples.map(({ pixels, label }) => [pixels.join(), label]));

/** The 28 × 28 pixels of a cell. */
function cell({ pixels }: CaptionedImage, down: number, across: number): number[] {
  return Array.from({ length: 784 }, (_, at) => {
    const [y, x] = [28 * down + Math.floor(at / 28), 28 * across + at % 28];
    return pixels[56 * y + x]!;
  });
}

/** What the cells show, of digits of a part; a cell without ink is empty. */
function read(image: CaptionedImage, known: ReadonlyMap<string, number>): string[][] {
  return [0, 1].map((down) =>
    [0, 1].flatMap((across) => {
      const pixels = cell(image, down, across);
      if (pixels.every((value) => value === 0)) return [];
      const label = known.get(pixels.join());
      assert(label !== undefined, "a digit of this part");
      return [names[label!]!];
    })
  );
}

for (const part of ["train", "heldOut"] as const) {
  Deno.test(`digitGrids() say what each grid shows, of digits of its own part: ${part}`, () => {
    const known = labels(part);
    const { examples, height, width, channels }: CaptionDataset = grids[part];
    assertEquals([height, width, channels], [56, 56, 1]);
    assertEquals(examples.length, part === "train" ? 240 : 60);
    const patterns = new Set<string>();
    for (const image of examples) {
      const [upper, lower] = read(image, known) as [string[], string[]];
      assertEquals(image.caption, [...upper, "over", ...lower].join(" "));
      assert(upper.length > 0 && lower.length > 0);
      patterns.add(`${upper.length} ${lower.length}`);
    }
    assertEquals(patterns.size, 4, "one or two digits in each row");
  });
}

Deno.test("digitGrids() are the same of one seed, and others of another", async () => {
  const captions = ({ train, heldOut }: typeof grids): string[] =>
    [...train.examples, ...heldOut.examples].map(({ caption }) => caption);
  const again = await digitGrids(options);
  assertEquals(captions(again), captions(grids));
  assertEquals(again.heldOut.examples.at(-1), grids.heldOut.examples.at(-1));
  assertNotEquals(captions(await digitGrids({ ...options, seed: 5 })), captions(grids));
});

Deno.test("digitGrids() refuse fewer than two grids, and unknown options", async () => {
  await assertRejects(() => digitGrids({ count: 1 }), RangeError, "count = 1");
  await assertRejects(() => digitGrids({ count: 2.5 }), RangeError, "count = 2.5");
  await assertRejects(() => digitGrids({ heldOutShare: 1 }), RangeError, "heldOutShare = 1");
  await assertRejects(() => digitGrids({ cuont: 4 } as never), RangeError, '"count"');
});
