// Keyword spotting: which word is spoken, of some words.

import { meanAmount } from "./batches.ts";
import type { Split } from "../data/dataset.ts";
import { classificationTask } from "./classification.ts";
import {
  type FeatureDataset,
  type Features,
  hashOfSounds,
  mostFrames,
  soundInputs,
} from "./sounds.ts";
import type { Task } from "./task.ts";

/**
 * The task of naming a spoken word.
 *
 * Measures: `nats`, `accuracy` with its 95 % interval `low` to `high`.
 *
 * @param sounds The words to train on, and those held out, as features.
 * @returns The task, for speech encoders that take the mean of all frames.
 */
export function keywordSpotting(sounds: Split<FeatureDataset>): Task<readonly Features[]> {
  const [{ values, frames }, most] = [sounds.train.examples[0]!, mostFrames(sounds)];
  return classificationTask<Features>({
    id: "keyword",
    kind: "speech",
    sizes: { channels: values.length / frames, frames: most, reads: "mean" },
    length: most,
    example: meanAmount("frames", sounds, ({ frames }) => frames),
    split: sounds,
    sha256: hashOfSounds(sounds),
    inputs: soundInputs,
  });
}
