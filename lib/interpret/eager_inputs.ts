// Batches of images and sounds as tensors of rows, as the entries of streams read them.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

/**
 * The patches of images as rows.
 *
 * Shapes: images [B, C, H, W] · returns [B, H/P · W/P, C·P·P], patches row by row, each flattened from [C, P, P]
 *
 * @param images The images; height and width are multiples of P.
 * @param size The side P of a patch.
 * @returns The patches.
 * @throws {RangeError} If an image is not made of whole patches.
 */
export function patchRows(images: Tensor, size: number): Tensor {
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  if (images.rank !== 4 || height % size !== 0 || width % size !== 0) {
    throw new RangeError(
      `Cannot cut images of shape [${
        images.shape.join(", ")
      }] into patches of ${size} × ${size}: ` +
        "expected [B, C, H, W] in whole patches",
    );
  }
  const [down, across] = [height / size, width / size];
  const cut = tf.reshape(images, [batch, channels, down, size, across, size]);
  const ordered = tf.transpose(cut, [0, 2, 4, 1, 3, 5]);
  return tf.reshape(ordered, [batch, down * across, channels * size * size]);
}

/**
 * What a convolution of width 3 with a zero on both sides reads for each of its outputs.
 *
 * Shapes: x [B, T, C] · returns [B, ⌈T / stride⌉, C·3]: for each channel the frame before, the frame and the one after
 *
 * @param x Frames.
 * @param stride Every how many frames there is an output.
 * @returns The rows that a kernel [outputs, C, 3] multiplies.
 */
export function neighborRows(x: Tensor, stride: number): Tensor {
  const [batch, length, channels] = x.shape as [number, number, number];
  const count = Math.ceil(length / stride);
  const padded = tf.pad(x, [[0, 0], [1, stride], [0, 0]]);
  // the first of every `stride` frames; tfjs has no gradient of a strided slice
  const at = (tap: number): Tensor => {
    const groups = tf.slice(padded, [0, tap, 0], [batch, count * stride, channels]);
    const grouped = tf.reshape(groups, [batch, count, stride, channels]);
    return tf.reshape(tf.slice(grouped, 0, [batch, count, 1, channels]), [batch, count, channels]);
  };
  return tf.reshape(tf.stack([at(0), at(1), at(2)], -1), [batch, count, channels * 3]);
}
