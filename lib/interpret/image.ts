// Images, videos and spectrograms as rows: a linear map of their patches.

import type { EntryOf } from "../model/interpreter.ts";
import { gridOf } from "../model/patches.ts";
import type { Values } from "./inputs.ts";
import { apply, type Stored } from "./stored_parameters.ts";

/** What is needed of an entry of patches. */
type Patches = EntryOf<"patches">;

/** An image [channels, height, width]. */
interface Image {
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly values: Float64Array;
}

/** The frames [F, C, H, W] of a video as images whose channels are those of some frames, which a patch spans. */
function imagesOfVideo({ frames }: Patches, { shape, values }: Values): Image[] {
  const [count, channels, height, width] = shape as [number, number, number, number];
  const { together } = frames!;
  const pixels = height * width;
  return Array.from({ length: Math.floor(count / together) }, (_, at) => {
    const image = new Float64Array(channels * together * pixels);
    for (let channel = 0; channel < channels; channel++) {
      for (let frame = 0; frame < together; frame++) {
        const from = ((at * together + frame) * channels + channel) * pixels;
        image.set(values.subarray(from, from + pixels), (channel * together + frame) * pixels);
      }
    }
    return { shape: [channels * together, height, width], values: image };
  });
}

/** A spectrogram [frames, frequencies] as an image of its frequencies by its frames. */
function imageOfSound({ shape, values }: Values): Image {
  const [frames, frequencies] = shape as [number, number];
  const image = values.map((_, at) => values[at % frames * frequencies + Math.floor(at / frames)]!);
  return { shape: [1, frequencies, frames], values: image };
}

/** The shape that an input has, for messages. */
const shapes = {
  pixels: (channels: number) => `[${channels}, H, W]`,
  video: (channels: number) => `[frames, ${channels}, H, W]`,
  spectrogram: () => "[frames, frequencies]",
} as const;

/** An input as images that are cut one after the other. */
function imagesOf(entry: Patches, given: Values): Image[] {
  const { input = "pixels", channels, frames } = entry;
  const { shape, values } = given;
  const expected = shapes[input](channels);
  const isShaped = shape.length === expected.split(",").length &&
    shape.reduce((product, length) => product * length, 1) === values.length &&
    (input === "spectrogram" || shape.at(-3) === channels) &&
    (input !== "video" || shape[0]! % frames!.together === 0);
  if (!isShaped) {
    throw new RangeError(
      `Cannot cut an input of shape [${shape.join(", ")}] with ${values.length} values: ` +
        `expected ${expected} in patches of ${entry.patchSize} × ${entry.patchSize}`,
    );
  }
  if (input === "video") return imagesOfVideo(entry, given);
  return [input === "spectrogram" ? imageOfSound(given) : given as unknown as Image];
}

/**
 * The number of patches of an input.
 *
 * @param entry The entry that reads it.
 * @param given An image [C, H, W], a video [F, C, H, W] or a spectrogram [frames, frequencies].
 * @returns Their number.
 * @throws {RangeError} If it has another shape, or is not made of whole patches.
 */
export function countPatches(entry: Patches, given: Values): number {
  return imagesOf(entry, given).reduce((sum, { shape: [, height, width] }) => {
    const [down, across] = gridOf(entry, [height, width]);
    return sum + down * across;
  }, 0);
}

/** The patches one after the other, row by row of the image, each flattened from [C, P, P]. */
function cut(entry: Patches, { shape: [channels, height, width], values }: Image): Float64Array {
  const { patchSize, stride: [apart, aside] = [patchSize, patchSize] } = entry;
  const [down, across] = gridOf(entry, [height, width]);
  const patches = new Float64Array(down * across * channels * patchSize ** 2);
  let at = 0;
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      for (let channel = 0; channel < channels; channel++) {
        for (let y = row * apart; y < row * apart + patchSize; y++) {
          const start = (channel * height + y) * width + column * aside;
          patches.set(values.subarray(start, start + patchSize), at);
          at += patchSize;
        }
      }
    }
  }
  return patches;
}

/**
 * A linear map of each patch.
 *
 * @param stored Where it runs.
 * @param entry The patches.
 * @param given An image [C, H, W], a video [F, C, H, W] or a spectrogram [frames, frequencies].
 * @returns [patches, width], row by row of each image.
 * @throws {RangeError} If the input does not fit the patches.
 */
export async function mapPatches<T>(
  stored: Stored<T>,
  entry: Patches,
  given: Values,
): Promise<T> {
  const { arithmetic } = stored;
  const images = imagesOf(entry, given);
  const count = countPatches(entry, given);
  const width = images[0]!.shape[0] * entry.patchSize ** 2;
  const flat = new Float64Array(count * width);
  let at = 0;
  for (const image of images) {
    const patches = cut(entry, image);
    flat.set(patches, at);
    at += patches.length;
  }
  return await apply(stored, entry.patches, arithmetic.matrix(flat, count, width));
}
