// Images as rows: a linear map of their patches.

import type { EntryOf } from "../model/interpreter.ts";
import type { Values } from "./inputs.ts";
import { apply, type Stored } from "./stored_parameters.ts";

/** What is needed of an entry of patches. */
type Patches = EntryOf<"patches">;

/**
 * The number of patches of an image.
 *
 * @param entry The entry that reads it.
 * @param pixels The image [C, H, W].
 * @returns Their number.
 * @throws {RangeError} If the image has other channels, or is not made of whole patches.
 */
export function countPatches({ channels, patchSize }: Patches, { shape, values }: Values): number {
  const [depth = 0, height = 0, width = 0] = shape;
  const isWhole = height % patchSize === 0 && width % patchSize === 0;
  if (
    shape.length !== 3 || depth !== channels || !isWhole || depth * height * width !== values.length
  ) {
    throw new RangeError(
      `Cannot cut an image of shape [${shape.join(", ")}] with ${values.length} values: ` +
        `expected [${channels}, H, W] in patches of ${patchSize} × ${patchSize}`,
    );
  }
  return (height / patchSize) * (width / patchSize);
}

/** The patches one after the other, row by row of the image, each flattened from [C, P, P]. */
function cut({ patchSize }: Patches, { shape, values }: Values): Float64Array {
  const [channels, height, width] = shape as readonly [number, number, number];
  const patches = new Float64Array(values.length);
  let at = 0;
  for (let top = 0; top < height; top += patchSize) {
    for (let left = 0; left < width; left += patchSize) {
      for (let channel = 0; channel < channels; channel++) {
        for (let y = top; y < top + patchSize; y++) {
          const start = (channel * height + y) * width + left;
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
 * @param pixels The image [C, H, W].
 * @returns [patches, width], row by row of the image.
 * @throws {RangeError} If the image does not fit the patches.
 */
export async function mapPatches<T>(
  stored: Stored<T>,
  entry: Patches,
  pixels: Values,
): Promise<T> {
  const count = countPatches(entry, pixels);
  const flat = stored.arithmetic.matrix(cut(entry, pixels), count, pixels.values.length / count);
  return await apply(stored, entry.patches, flat);
}
