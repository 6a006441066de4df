// From what settings say of data to the data: from packages, or from files that a user brings.

import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { holdOut, type Split, splitKinds, type SplitOptions } from "../data/dataset.ts";
import {
  type ImageDataset,
  type ImageFolderOptions,
  mnistDigits,
  readImageFolder,
} from "../data/images.ts";
import { readIdx } from "../data/idx.ts";
import {
  hasWaveLists,
  readWaveFolder,
  speakerGroups,
  type WaveFolderOptions,
  type WavePart,
} from "../data/waves.ts";
import { type FeatureDataset, featuresOf } from "./sounds.ts";

/** Which images. */
export interface ImageData extends SplitOptions, Pick<ImageFolderOptions, "channels"> {
  /** A folder with a folder of PNG or JPEG for each class; the digits of MNIST by default. */
  readonly folder?: string;
  /** A folder of those that are held out; by default a share of the others is. */
  readonly heldOutFolder?: string;
  /** An IDX file of grey images, as MNIST and its kin have them, or compressed by gzip; instead of a folder. */
  readonly images?: string;
  /** The IDX file of their labels. */
  readonly labels?: string;
  /** An IDX file of images that are held out; by default a share of the others is. */
  readonly heldOutImages?: string;
  /** The IDX file of their labels. */
  readonly heldOutLabels?: string;
}

/** What settings say of images. */
export const imageDataKinds: OptionKinds<ImageData> = {
  ...splitKinds,
  channels: "number?",
  folder: "string?",
  heldOutFolder: "string?",
  images: "string?",
  labels: "string?",
  heldOutImages: "string?",
  heldOutLabels: "string?",
};

/** An option, if it has a value. */
const given = <T>(name: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [name]: value };

/**
 * Requires options of data that belong together to come together.
 *
 * @param data What settings say.
 * @param one The name of an option.
 * @param other That of the other.
 * @throws {RangeError} If one is given alone.
 */
export function requireTogether<D extends object>(
  data: D,
  one: string & keyof D,
  other: string & keyof D,
): void {
  if ((data[one] === undefined) === (data[other] === undefined)) return;
  const [given, missing] = data[one] === undefined ? [other, one] : [one, other];
  throw new RangeError(`Cannot use data.${given} without data.${missing}: give both, or neither`);
}

/**
 * Refuses an option that another one makes meaningless, or that does without it.
 *
 * @param options What settings say of data.
 * @param name The other option.
 * @param others What is refused.
 * @param without Whether they are refused beside the other one; else without it.
 * @throws {RangeError} If one is given that may not be.
 */
export function requireAlone(
  options: object,
  name: string,
  others: readonly string[],
  without: boolean,
): void {
  const given = others.find((other) => Object.hasOwn(options, other));
  if (given === undefined || Object.hasOwn(options, name) !== without) return;
  throw new RangeError(
    `Cannot use data.${given} ${without ? "beside" : "without"} data.${name}: ${
      without ? "one of them must be left out" : `give data.${name} too`
    }`,
  );
}

/**
 * The images that settings name.
 *
 * @param data What they say.
 * @returns Those to train on, and those held out.
 * @throws {RangeError} If an option is unknown, a folder cannot be read, or its images differ in size or classes.
 */
export async function imagesOf(data: ImageData): Promise<Split<ImageDataset>> {
  requireOptions("data", data, imageDataKinds);
  requireAlone(data, "folder", ["channels", "heldOutFolder"], false);
  requireAlone(data, "heldOutFolder", ["heldOutShare", "seed"], true);
  requireAlone(data, "folder", ["images"], true);
  requireTogether(data, "images", "labels");
  requireTogether(data, "heldOutImages", "heldOutLabels");
  requireAlone(data, "images", ["heldOutImages"], false);
  requireAlone(data, "heldOutImages", ["heldOutShare", "seed"], true);
  const { heldOutShare, seed } = data;
  const split = { ...given("heldOutShare", heldOutShare), ...given("seed", seed) };
  const { folder, heldOutFolder, images, heldOutImages } = data;
  if (folder === undefined && images === undefined) return await mnistDigits(split);
  const options = given("channels", data.channels);
  const train = folder === undefined
    ? await readIdx(images!, data.labels!)
    : await readImageFolder(folder, options);
  const { classes } = train;
  const other = heldOutFolder ?? heldOutImages;
  if (other === undefined) return holdOut(train, split);
  const heldOut = heldOutFolder === undefined
    ? await readIdx(other, data.heldOutLabels!, { classes })
    : await readImageFolder(other, { ...options, classes });
  if (heldOut.height === train.height && heldOut.width === train.width) return { train, heldOut };
  throw new RangeError(
    `Cannot use ${other} beside ${
      folder ?? images
    }: its images have ${heldOut.width} × ${heldOut.height} pixels, and must have ` +
      `${train.width} × ${train.height}`,
  );
}

/** Which sounds. */
export interface SoundData extends SplitOptions, Pick<WaveFolderOptions, "rate" | "seconds"> {
  /** A folder in the layout of Speech Commands: a folder of WAV for each word. */
  readonly folder: string;
  /** Bands of the log-mel features; 40 by default. */
  readonly mels?: number;
}

/** What settings say of sounds. */
export const soundDataKinds: OptionKinds<SoundData> = {
  ...splitKinds,
  rate: "number?",
  seconds: "number?",
  folder: "string",
  mels: "number?",
};

/**
 * The sounds that settings name, as features. A folder with `validation_list.txt` and `testing_list.txt` is split by them, unless a share
 * or a seed is given: the first is held out, what the second names is read by neither part. Else speakers are held out whole.
 *
 * @param data What they say.
 * @returns Those to train on, and those held out.
 * @throws {RangeError} If an option is unknown, the folder cannot be read, or a file is damaged, of another rate or longer.
 */
export async function soundsOf(data: SoundData): Promise<Split<FeatureDataset>> {
  requireOptions("data", data, soundDataKinds);
  const { folder, mels = 40, rate, seconds, ...split } = data;
  requireInteger("mels", mels, { min: 1 });
  const reading = { ...given("rate", rate), ...given("seconds", seconds) };
  if (Object.keys(split).length === 0 && await hasWaveLists(folder)) {
    const name = `${folder} (validation_list.txt is held out, testing_list.txt left out)`;
    const part = async (part: WavePart) =>
      featuresOf(await readWaveFolder(folder, { ...reading, part, name }), mels);
    return { train: await part("train"), heldOut: await part("validation") };
  }
  const waves = await readWaveFolder(folder, reading);
  const groups = speakerGroups(waves);
  return holdOut(featuresOf(waves, mels), { ...split, groups });
}
