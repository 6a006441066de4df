// IDX files, the format of MNIST and its kin: bytes behind a header with the sizes, as they are or compressed by gzip.

import { type OptionKinds, requireOptions } from "../core/options.ts";
import { joinBytes, readBytes } from "../platform/text_file.ts";
import type { ImageDataset, LabelledImage } from "./images.ts";

/** Options of {@linkcode readIdx}. */
export interface IdxOptions {
  /** The names of the classes in the order of the labels; the labels' numbers by default. */
  readonly classes?: readonly string[];
  /** Where the images are from, for the run record; the images' path by default. */
  readonly name?: string;
}

const idxKinds: OptionKinds<IdxOptions> = { classes: "list?", name: "string?" };

/** The most bytes of a file, compressed or not. */
const mostBytes = 2 ** 30;

/** An array of bytes. */
interface Idx {
  readonly sizes: readonly number[];
  readonly data: Uint8Array;
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Uint8Array> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    let total = 0;
    for await (
      const piece of new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
    ) {
      total += piece.length;
      if (total > mostBytes) {
        throw new RangeError(
          `Cannot read ${path}: it has more than ${mostBytes} bytes uncompressed`,
        );
      }
      yield piece;
    }
  };
  try {
    return await joinBytes(pieces());
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new RangeError(`Cannot read ${path}: it is damaged gzip`, { cause });
  }
}

/** Reads an array of bytes with so many axes. */
async function readArray(path: string, axes: number): Promise<Idx> {
  const file = await readBytes(path, mostBytes);
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? await gunzip(file, path) : file;
  const view = new DataView(bytes.buffer);
  const start = 4 + 4 * axes;
  if (bytes.length < start || view.getUint32(0) !== 0x0800 + axes) {
    throw new RangeError(
      `Cannot read ${path}: it must be an IDX file of bytes with ${axes} axes, which starts with 00 00 08 0${axes}`,
    );
  }
  const sizes = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = sizes.reduce((product, size) => product * size, 1);
  if (length !== bytes.length - start) {
    throw new RangeError(
      `Cannot read ${path}: ${sizes.join(" × ")} bytes are announced, and ${
        bytes.length - start
      } follow`,
    );
  }
  return { sizes, data: bytes.subarray(start) };
}

/**
 * Reads images and their labels from two IDX files, such as `train-images-idx3-ubyte.gz` and `train-labels-idx1-ubyte.gz`.
 *
 * @param images The file of the images: bytes with three axes.
 * @param labels The file of the labels: bytes with one axis.
 * @param options Names of the classes, and a name for the run record.
 * @returns The images, grey.
 * @throws {RangeError} If a file is no such IDX, there are as many labels as images not, or a label is outside of the classes.
 */
export async function readIdx(
  images: string,
  labels: string,
  options: IdxOptions = {},
): Promise<ImageDataset> {
  requireOptions("readIdx()", options, idxKinds);
  const { sizes: [count, height, width], data } = await readArray(images, 3) as Idx & {
    readonly sizes: readonly [number, number, number];
  };
  const { data: marks } = await readArray(labels, 1);
  if (marks.length !== count || count === 0) {
    throw new RangeError(
      `Cannot pair ${images} with ${labels}: there are ${count} images and ${marks.length} labels; each image needs one`,
    );
  }
  const most = marks.reduce((one, other) => Math.max(one, other), 0);
  const { classes = Array.from({ length: most + 1 }, (_, label) => String(label)) } = options;
  if (most >= classes.length) {
    throw new RangeError(
      `Cannot use label ${most} of image ${
        marks.indexOf(most) + 1
      } in ${labels}: there are ${classes.length} classes, from 0 to ${classes.length - 1}`,
    );
  }
  const size = height * width;
  const examples = Array.from(marks, (label, at): LabelledImage => ({
    pixels: data.subarray(at * size, (at + 1) * size),
    label,
  }));
  return { name: options.name ?? images, height, width, channels: 1, classes, examples };
}
