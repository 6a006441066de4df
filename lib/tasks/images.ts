// Images as models read them: numbers from −1 to 1, channel by channel.

import * as tf from "@tensorflow/tfjs";
import type { ImageDataset, LabelledImage } from "../data/images.ts";
import type { Split } from "../data/dataset.ts";
import { sha256OfAll } from "../platform/hash.ts";
import type { BatchInputs } from "./task.ts";

/** What tells how images lie in memory. */
export type ImageShape = Pick<ImageDataset, "height" | "width" | "channels">;

/**
 * Images as a batch.
 *
 * Shapes: images H · W · C numbers from 0 to 255 · returns pixels [B, C, H, W] from −1 to 1
 *
 * @param images The images.
 * @param shape Their height, width and channels.
 * @returns What a model reads.
 */
export function imageInputs(
  images: readonly Pick<LabelledImage, "pixels">[],
  { height, width, channels }: ImageShape,
): BatchInputs {
  const size = height * width;
  const values = new Float32Array(images.length * channels * size);
  images.forEach(({ pixels }, row) => {
    for (let channel = 0; channel < channels; channel++) {
      const start = (row * channels + channel) * size;
      for (let at = 0; at < size; at++) {
        values[start + at] = pixels[at * channels + channel]! / 127.5 - 1;
      }
    }
  });
  return { inputs: { pixels: tf.tensor4d(values, [images.length, channels, height, width]) } };
}

/**
 * Requires square images, which our vision Transformers read.
 *
 * @param images The images.
 * @returns What they determine of a model.
 * @throws {RangeError} If they are not square.
 */
export function squareSizes(
  { name, height, width, channels }: ImageShape & Pick<ImageDataset, "name">,
): { readonly imageSize: number; readonly channels: number } {
  if (height === width) return { imageSize: height, channels };
  throw new RangeError(
    `Cannot train on ${name}: its images have ${width} × ${height} pixels, and must be square`,
  );
}

/**
 * The hash of images and their labels.
 *
 * @param split The images.
 * @returns The SHA-256.
 */
export function hashOfImages({ train, heldOut }: Split<ImageDataset>): string {
  const examples = [...train.examples, ...heldOut.examples];
  return sha256OfAll([
    ...examples.map(({ pixels }) => pixels),
    Int32Array.from(examples, ({ label }) => label),
  ]);
}
