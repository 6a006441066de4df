// Speech recognition by connectionist temporal classification: the letters of a spoken word, from its frames.

import * as tf from "@tensorflow/tfjs";
import { takeAll } from "../backend/read.ts";
import { excerpt } from "../core/excerpt.ts";
import type { Split } from "../data/dataset.ts";
import { decodeCtc } from "../decoder/ctc.ts";
import { characterErrorRate, wordErrorRate } from "../metrics/error_rate.ts";
import { ctcLoss } from "../ops/ctc_loss.ts";
import { drawExamples, heldOutBatches, meanAmount } from "./batches.ts";
import { factsOf, frequenciesOf } from "./classification.ts";
import {
  type FeatureDataset,
  type Features,
  hashOfSounds,
  mostFrames,
  rowsOfFrames,
  soundInputs,
} from "./sounds.ts";
import type { Task } from "./task.ts";

/** How wrong texts are, as shares of what they should be. */
function errors(texts: readonly string[], wanted: readonly string[]) {
  return {
    characterErrorRate: characterErrorRate(texts, wanted),
    wordErrorRate: wordErrorRate(texts, wanted),
  };
}

/** Requires sounds with a frame for each letter, and one between two that are the same. */
function requireRoom({ classes, examples }: FeatureDataset): void {
  const needed = classes.map((word) => {
    const letters = [...word];
    return letters.length + letters.filter((letter, at) => letter === letters[at - 1]).length;
  });
  for (const { path = "a sound", label, frames } of examples) {
    if (rowsOfFrames(frames) >= needed[label]!) continue;
    throw new RangeError(
      `Cannot use ${path}: its ${frames} frames of 10 ms become ${
        rowsOfFrames(frames)
      }, and the letters of ${excerpt(classes[label]!)} take ${needed[label]}`,
    );
  }
}

/**
 * The task of writing down spoken words.
 *
 * Measures: `nats` per letter, and of the best path (greedy decoding) `characterErrorRate` and `wordErrorRate`.
 *
 * @param sounds The words to train on, and those held out, as features.
 * @returns The task, for speech encoders whose head reads all frames: class 0 is the blank, then come the letters in the order of their
 * code points.
 * @throws {RangeError} If a sound is too short for its word.
 */
export function speechCtc(sounds: Split<FeatureDataset>): Task<readonly Features[]> {
  const { train: { classes, examples } } = sounds;
  requireRoom(sounds.train);
  requireRoom(sounds.heldOut);
  const letters = [...new Set(classes.join(""))].sort();
  const spelled = classes.map((word) => Array.from(word, (letter) => letters.indexOf(letter) + 1));
  const labelsOf = (batch: readonly Features[]) => batch.map(({ label }) => spelled[label]!);
  const lengthsOf = (batch: readonly Features[]) => batch.map(({ frames }) => rowsOfFrames(frames));
  const [{ values, frames }, most] = [examples[0]!, mostFrames(sounds)];
  const outputs = letters.length + 1;
  const frequencies = frequenciesOf(sounds.train);
  const asked = sounds.heldOut.examples.map(({ label }) => label);
  const perLetter = asked.map((label) => frequencies.nats[label]! / spelled[label]!.length);
  return {
    id: "speech-ctc",
    kind: "speech",
    sizes: { channels: values.length / frames, frames: most, classes: outputs, reads: "all" },
    length: most,
    example: meanAmount("frames", sounds, ({ frames }) => frames),
    data: factsOf(sounds, hashOfSounds(sounds)),
    baseline: {
      name: "the most frequent word; of nats, the frequencies of words",
      measured: {
        nats: perLetter.reduce((sum, nats) => sum + nats) / asked.length,
        ...errors(
          asked.map(() => classes[frequencies.most]!),
          asked.map((label) => classes[label]!),
        ),
      },
    },
    draw: (part, rows, random) => drawExamples(sounds, part, rows, random),
    inputs: soundInputs,
    loss: (logits, batch) => ctcLoss(logits, labelsOf(batch), { lengths: lengthsOf(batch) }),
    evaluate: async ({ logits }, size) => {
      const [texts, wanted]: [string[], string[]] = [[], []];
      let nats = 0;
      for (const batch of heldOutBatches(sounds, size)) {
        const [losses, given] = await takeAll(tf.tidy(() => {
          const all = logits(batch);
          return [
            ctcLoss(all, labelsOf(batch), { lengths: lengthsOf(batch) }),
            tf.reshape(all, [-1]),
          ];
        }));
        nats += losses![0]! * batch.length;
        const width = given!.length / batch.length;
        for (const [row, { frames, label }] of batch.entries()) {
          const own = given!.subarray(row * width, row * width + rowsOfFrames(frames) * outputs);
          const symbols = decodeCtc(own, { classes: outputs });
          texts.push(symbols.map((symbol) => letters[symbol - 1]!).join(""));
          wanted.push(classes[label]!);
        }
      }
      return { nats: nats / texts.length, ...errors(texts, wanted) };
    },
  };
}
