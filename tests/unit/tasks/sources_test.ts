// Images as settings name them: IDX files beside folders, and what goes with what.

import { assertEquals, assertRejects } from "@std/assert";
import { imagesOf } from "../../../lib/tasks/mod.ts";
import { inFolder } from "../checkpoint/files.ts";

/** An IDX file of bytes. */
const idx = (sizes: readonly number[], data: readonly number[]): Uint8Array =>
  Uint8Array.of(0, 0, 8, sizes.length, ...sizes.flatMap((size) => [0, 0, 0, size]), ...data);

const pixels = (count: number): number[] => Array.from({ length: count * 4 }, (_, at) => at);

Deno.test("imagesOf() reads IDX files, with some held out or with others for that", () =>
  inFolder(async (folder) => {
    const [images, labels] = [`${folder}/images`, `${folder}/labels`];
    await Deno.writeFile(images, idx([4, 2, 2], pixels(4)));
    await Deno.writeFile(labels, idx([4], [0, 1, 2, 1]));
    const drawn = await imagesOf({ images, labels, heldOutShare: 0.25 });
    assertEquals([drawn.train.examples.length, drawn.heldOut.examples.length], [3, 1]);
    const [heldOutImages, heldOutLabels] = [`${folder}/t10k`, `${folder}/t10k-labels`];
    await Deno.writeFile(heldOutImages, idx([1, 2, 2], pixels(1)));
    await Deno.writeFile(heldOutLabels, idx([1], [1]));
    const { train, heldOut } = await imagesOf({ images, labels, heldOutImages, heldOutLabels });
    assertEquals([train.examples.length, heldOut.examples.map(({ label }) => label)], [4, [1]]);
    assertEquals(heldOut.classes, ["0", "1", "2"]);

    await Deno.writeFile(heldOutLabels, idx([1], [3]));
    const all = { images, labels, heldOutImages, heldOutLabels };
    const refused: readonly (readonly [Parameters<typeof imagesOf>[0], string])[] = [
      [all, `Cannot use label 3 of image 1 in ${heldOutLabels}: there are 3 classes`],
      [{ images }, "Cannot use data.images without data.labels"],
      [{ heldOutImages, heldOutLabels }, "Cannot use data.heldOutImages without data.images"],
      [{ ...all, folder }, "Cannot use data.images beside data.folder"],
      [{ ...all, seed: 1 }, "Cannot use data.seed beside data.heldOutImages"],
      [{ images, labels, channels: 1 }, "Cannot use data.channels without data.folder"],
    ];
    for (const [data, message] of refused) {
      await assertRejects(() => imagesOf(data), RangeError, message);
    }
  }));
