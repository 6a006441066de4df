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
import { readWaveFolder, speakerGroups, type WaveFolderOptions } from "../data/waves.ts";
import { type FeatureDataset, featuresOf } from "./sounds.ts";

/** Which images. */
export interface ImageData extends SplitOptions, Pick<ImageFolderOptions, "channels"> {
  /** A folder with a folder of PNG or JPEG for each class; the digits of MNIST by default. */
  readonly folder?: string;
  /** A folder of those that are held out; by default a share of the others is. */
  readonly heldOutFolder?: string;
}

/** What settings say of images. */
export const imageDataKinds: OptionKinds<ImageData> = {
  ...splitKinds,
  channels: "number?",
  folder: "string?",
  heldOutFolder: "string?",
};

/** Refuses an option that another one makes meaningless. */
function requireAlone(
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
  const { folder, heldOutFolder, channels, ...split } = data;
  if (folder === undefined) return await mnistDigits(split);
  const options = channels === undefined ? {} : { channels };
  const train = await readImageFolder(folder, options);
  if (heldOutFolder === undefined) return holdOut(train, split);
  const { classes } = train;
  const heldOut = await readImageFolder(heldOutFolder, { ...options, classes });
  if (heldOut.height === train.height && heldOut.width === train.width) return { train, heldOut };
  throw new RangeError(
    `Cannot use ${heldOutFolder} beside ${folder}: its images have ${heldOut.width} × ${heldOut.height} pixels, and must have ` +
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
 * The sounds that settings name, as features. Speakers are held out whole.
 *
 * @param data What they say.
 * @returns Those to train on, and those held out.
 * @throws {RangeError} If an option is unknown, the folder cannot be read, or a file is damaged, of another rate or longer.
 */
export async function soundsOf(data: SoundData): Promise<Split<FeatureDataset>> {
  requireOptions("data", data, soundDataKinds);
  const { folder, mels = 40, rate, seconds, ...split } = data;
  requireInteger("mels", mels, { min: 1 });
  const waves = await readWaveFolder(folder, {
    ...(rate === undefined ? {} : { rate }),
    ...(seconds === undefined ? {} : { seconds }),
  });
  const groups = speakerGroups(waves);
  return holdOut(featuresOf(waves, mels), { ...split, groups });
}
