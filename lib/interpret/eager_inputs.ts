// Batches of images and sounds as tensors of rows, as the entries of streams read them.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { Convolution } from "../model/spec.ts";
import { countOutputs } from "./audio.ts";

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

/** The frames that each output of a convolution is computed of, of x [B, T, C]: [B, outputs, C, width]. */
function windows(x: Tensor, convolution: Convolution): Tensor {
  const { width, stride, padding: [before] } = convolution;
  const [batch, length, channels] = x.shape as [number, number, number];
  const count = countOutputs(length, convolution);
  const behind = Math.max(0, width - 1 + count * stride - before - length);
  const padded = tf.pad(x, [[0, 0], [before, behind], [0, 0]]);
  // the first of every `stride` frames; tfjs has no gradient of a strided slice
  const at = (tap: number): Tensor => {
    const groups = tf.slice(padded, [0, tap, 0], [batch, count * stride, channels]);
    const grouped = tf.reshape(groups, [batch, count, stride, channels]);
    return tf.reshape(tf.slice(grouped, 0, [batch, count, 1, channels]), [batch, count, channels]);
  };
  return tf.stack(Array.from({ length: width }, (_, tap) => at(tap)), -1);
}

/**
 * A convolution along time, without what is done behind it.
 *
 * Shapes: x [B, T, C] · kernel [O, C / groups, width] · lengths [width] · returns [B, outputs, O]
 *
 * @param x Frames.
 * @param convolution The convolution.
 * @param parameters Its kernel, with the lengths of its slices and the bias where there are some.
 * @returns Its outputs.
 * @throws {RangeError} If the frames are too few.
 */
export function convolveFrames(
  x: Tensor,
  convolution: Convolution,
  { kernel, lengths, bias }: {
    readonly kernel: Tensor;
    readonly lengths: Tensor | undefined;
    readonly bias: Tensor | undefined;
  },
): Tensor {
  const { groups } = convolution;
  const read = windows(x, convolution);
  const [batch, count, channels, width] = read.shape as [number, number, number, number];
  const norms = (): Tensor => tf.sqrt(tf.sum(tf.square(kernel), [0, 1]));
  const w = lengths === undefined
    ? kernel
    : tf.mul(kernel, tf.div(tf.reshape(lengths, [width]), norms()));
  const [rows, inputs] = [batch * count, channels / groups * width];
  const perGroup = tf.transpose(tf.reshape(read, [rows, groups, inputs]), [1, 0, 2]);
  const product = tf.matMul(perGroup, tf.reshape(w, [groups, -1, inputs]), false, true);
  const joined = tf.transpose(product, [1, 0, 2]);
  const y = tf.reshape(joined, [batch, count, kernel.shape[0]!]);
  return bias === undefined ? y : tf.add(y, bias);
}
