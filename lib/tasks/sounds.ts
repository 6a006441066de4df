// Sounds as models read them: log-mel features, taken once, in batches that are as long as their longest sound.

import * as tf from "@tensorflow/tfjs";
import type { ClassDataset, Split } from "../data/dataset.ts";
import { logMel } from "../data/log_mel.ts";
import type { WaveDataset } from "../data/waves.ts";
import { sha256OfAll } from "../platform/hash.ts";
import type { BatchInputs } from "./task.ts";

/** The features of a spoken word. */
export interface Features {
  /** [mels, frames] numbers, band by band. */
  readonly values: Float32Array;
  /** How many frames there are. */
  readonly frames: number;
  /** The place of its word. */
  readonly label: number;
  /** Where it is from, for messages. */
  readonly path?: string;
}

/** Spoken words as features. */
export type FeatureDataset = ClassDataset<Features>;

/**
 * The features of spoken words.
 *
 * @param waves The words.
 * @param mels Bands.
 * @returns Their log-mel features, 100 frames a second.
 * @throws {RangeError} If a sound is too short.
 */
export function featuresOf({ rate, examples, ...rest }: WaveDataset, mels: number): FeatureDataset {
  const [window, hop] = [Math.round(rate / 40), Math.round(rate / 100)];
  return {
    ...rest,
    examples: examples.map(({ samples, label, path }) => {
      requireSamples(samples, window, path);
      const { values, frames } = logMel(samples, { rate, mels, window, hop });
      return { values, frames, label, ...(path === undefined ? {} : { path }) };
    }),
  };
}

/** Requires a sound that fills more than half a window. */
function requireSamples({ length }: Float32Array, window: number, path = "a sound"): void {
  const least = Math.floor(window / 2) + 1;
  if (length >= least) return;
  throw new RangeError(
    `Cannot use ${path}: it has ${length} samples, and must have at least ${least}`,
  );
}

/** How many rows the speech encoder makes of so many frames: its second convolution halves them. */
export const rowsOfFrames = (frames: number): number => Math.ceil(frames / 2);

const longestOf = (sounds: readonly Features[]): number =>
  sounds.reduce((most, { frames }) => Math.max(most, frames), 0);

/** The most frames of a sound. */
export function mostFrames({ train, heldOut }: Split<FeatureDataset>): number {
  return Math.max(longestOf(train.examples), longestOf(heldOut.examples));
}

/**
 * Sounds as a batch, with silence behind the shorter ones, which no row attends to.
 *
 * Shapes: sounds [mels, frames] · returns features [B, mels, most frames]
 *
 * @param sounds The sounds.
 * @returns What a model reads.
 */
export function soundInputs(sounds: readonly Features[]): BatchInputs {
  const most = longestOf(sounds);
  const mels = sounds[0]!.values.length / sounds[0]!.frames;
  const values = new Float32Array(sounds.length * mels * most);
  sounds.forEach(({ values: bands, frames }, row) => {
    for (let mel = 0; mel < mels; mel++) {
      values.set(bands.subarray(mel * frames, (mel + 1) * frames), (row * mels + mel) * most);
    }
  });
  return {
    inputs: { features: tf.tensor3d(values, [sounds.length, mels, most]) },
    keyLengths: sounds.map(({ frames }) => frames),
  };
}

/**
 * The hash of sounds and their labels.
 *
 * @param split The sounds.
 * @returns The SHA-256.
 */
export function hashOfSounds({ train, heldOut }: Split<FeatureDataset>): string {
  const examples = [...train.examples, ...heldOut.examples];
  return sha256OfAll([
    ...examples.map(({ values }) => values),
    Int32Array.from(examples, ({ label }) => label),
  ]);
}
