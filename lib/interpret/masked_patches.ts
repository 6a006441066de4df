// Patches of images that a model is to guess: one learned vector stands in for all of them.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

/**
 * Rows with a vector in the place of some.
 *
 * Shapes: patches [B, P, D] · mask [1, D] · returns [B, P, D]
 * Source: Bao et al. 2022 (BEiT), §2.3.
 *
 * @param patches What the patches of each image enter the stream with, positions aside.
 * @param places Which of them are masked, of each image.
 * @param mask The vector.
 * @returns The rows.
 * @throws {RangeError} If there is not one list of places for each image, or a place is none of an image.
 */
export function maskPatches(
  patches: Tensor,
  places: readonly (readonly number[])[],
  mask: Tensor,
): Tensor {
  const [images, count] = patches.shape as [number, number, number];
  if (places.length !== images) {
    throw new RangeError(
      `Cannot mask patches: there are ${places.length} lists of places for ${images} images; each needs one`,
    );
  }
  const masked = new Float32Array(images * count);
  for (const [image, list] of places.entries()) {
    for (const place of list) {
      if (!Number.isInteger(place) || place < 0 || place >= count) {
        throw new RangeError(
          `Cannot mask patch ${place} of image ${image}: patches go from 0 to ${count - 1}`,
        );
      }
      masked[image * count + place] = 1;
    }
  }
  const share = tf.tensor3d(masked, [images, count, 1]);
  return tf.add(tf.mul(patches, tf.sub(1, share)), tf.mul(share, mask));
}
