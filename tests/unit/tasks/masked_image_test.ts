// Masked images: the baseline is of what is hidden, which blocks in the middle make another thing than what is there.

import { assert, assertAlmostEquals } from "@std/assert";
import { Random } from "../../../lib/core/random.ts";
import type { ImageDataset } from "../../../lib/data/mod.ts";
import { maskedImageModelling } from "../../../lib/tasks/mod.ts";

/** Images of 8 × 8 that are empty but for a middle that differs. */
const framed = (count: number): ImageDataset => ({
  ...{ name: "frames", height: 8, width: 8, channels: 1, classes: ["frame"] },
  examples: Array.from({ length: count }, (_, at) => ({
    label: 0,
    pixels: Uint8Array.from({ length: 64 }, (_, place) => {
      const [row, column] = [Math.floor(place / 8), place % 8];
      return row > 1 && row < 6 && column > 1 && column < 6 ? 255 - 9 * (at % 9) : 0;
    }),
  })),
});

Deno.test("the baseline of masked images knows the frequencies of hidden patches, not of all", () => {
  const images = { train: framed(90), heldOut: framed(500) };
  const task = maskedImageModelling(images, { patchSize: 2, codes: 8, share: 0.4 });
  const batch = task.draw("heldOut", 2000, new Random(1));
  const hidden = batch.labels.filter((label) => label >= 0);
  const counts = Map.groupBy(hidden, (code) => code);
  const most = Math.max(...[...counts.values()].map(({ length }) => length));
  const ofAll = 12 / 16; // patches at the edge are empty, and alike
  assertAlmostEquals(task.baseline.measured["accuracy"]!, most / hidden.length, 0.03);
  assert(task.baseline.measured["accuracy"]! < ofAll - 0.03);
});
