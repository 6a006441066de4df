// Batches of images and sounds as tensors of rows, as the entries of streams read them.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { EntryOf } from "../model/interpreter.ts";
import { gridOf } from "../model/patches.ts";
import type { Convolution } from "../model/spec.ts";
import { countOutputs } from "./audio.ts";

/**
 * Images, videos or spectrograms as the images that are cut.
 *
 * Shapes: images [B, C, H, W] · videos [B, F, C, H, W] → [B · F / together, C · together, H, W] · spectrograms [B, T, F] → [B, 1, F, T]
 *
 * @param given The inputs.
 * @param entry What they are.
 * @returns The images.
 * @throws {RangeError} If they have another rank, or a video has another number of frames.
 */
export function imagesAsCut(
  given: Tensor,
  { input = "pixels", frames }: EntryOf<"patches">,
): Tensor {
  const ranks = { pixels: 4, video: 5, spectrogram: 3 };
  const { together } = frames ?? { together: 1 };
  if (given.rank !== ranks[input] || (input === "video" && given.shape[1]! % together !== 0)) {
    throw new RangeError(`Cannot cut ${input} of shape [${given.shape.join(", ")}] into patches`);
  }
  if (input === "spectrogram") return tf.expandDims(tf.transpose(given, [0, 2, 1]), 1);
  if (input === "pixels") return given;
  const [batch, count, channels, height, width] = given.shape as number[] as [
    number,
    number,
    number,
    number,
    number,
  ];
  const images = batch * count / together;
  const flat = tf.reshape(given, [images, together, channels, height * width]);
  const shape = [images, channels * together, height, width];
  return tf.reshape(tf.transpose(flat, [0, 2, 1, 3]), shape);
}

/** Every `apart`-th window of `size` along an axis of x [A, B, C], which becomes two: [A, count, size, C]. */
function spans(
  x: Tensor,
  { size, apart, count }: Record<"size" | "apart" | "count", number>,
): Tensor {
  const [outer, length, inner] = x.shape as [number, number, number];
  if (apart === size) {
    return tf.reshape(tf.slice(x, [0, 0, 0], [outer, count * size, inner]), [
      outer,
      count,
      size,
      inner,
    ]);
  }
  // the first of every `apart`; tfjs has no gradient of a strided slice
  const padded = tf.pad(x, [[0, 0], [0, Math.max(0, size - 1 + count * apart - length)], [0, 0]]);
  const at = (tap: number): Tensor => {
    const groups = tf.slice(padded, [0, tap, 0], [outer, count * apart, inner]);
    const grouped = tf.reshape(groups, [outer, count, apart, inner]);
    return tf.reshape(tf.slice(grouped, 0, [outer, count, 1, inner]), [outer, count, inner]);
  };
  return tf.stack(Array.from({ length: size }, (_, tap) => at(tap)), 2);
}

/**
 * The patches of images as rows.
 *
 * Shapes: images [B, C, H, W] · returns [B, down · across, C·P·P], patches row by row, each flattened from [C, P, P]
 *
 * @param images The images.
 * @param entry How they are cut.
 * @returns The patches.
 * @throws {RangeError} If an image is not made of whole patches.
 */
export function patchRows(images: Tensor, entry: EntryOf<"patches">): Tensor {
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const { patchSize: size, stride: [apart, aside] = [size, size] } = entry;
  const [down, across] = gridOf(entry, [height, width]);
  const rows = spans(tf.reshape(images, [batch * channels, height, width]), {
    size,
    apart,
    count: down,
  });
  const cut = spans(tf.reshape(rows, [batch * channels * down * size, width, 1]), {
    size,
    apart: aside,
    count: across,
  });
  const ordered = tf.transpose(
    tf.reshape(cut, [batch, channels, down, size, across, size]),
    [0, 2, 4, 1, 3, 5],
  );
  return tf.reshape(ordered, [batch, down * across, channels * size * size]);
}

/** The frames that each output of a convolution is computed of, of x [B, T, C]: [B, outputs, C, width]. */
function windows(x: Tensor, convolution: Convolution): Tensor {
  const { width, stride, padding: [before, behind] } = convolution;
  const count = countOutputs(x.shape[1]!, convolution);
  const padded = tf.pad(x, [[0, 0], [before, behind], [0, 0]]);
  return tf.transpose(spans(padded, { size: width, apart: stride, count }), [0, 1, 3, 2]);
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
