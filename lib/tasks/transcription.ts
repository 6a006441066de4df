// Transcription: the text of a spoken word, token by token, by a model that hears and writes already (Whisper).

import type { ClassDataset, Split } from "../data/dataset.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { drawExamples, heldOutBatches, meanAmount, paddedRows } from "./batches.ts";
import { factsOf } from "./classification.ts";
import { ignore, measureGuesses } from "./guesses.ts";
import { encodeSentence, type Sentences } from "./sentences.ts";
import { type Features, hashOfSounds, soundInputs } from "./sounds.ts";
import type { Task } from "./task.ts";
import { unigram } from "./texts.ts";

/** Sounds with the texts that are to be written of them. */
export interface SpokenTexts {
  /** The text of each label, and the tokens around it. */
  readonly text: Pick<Sentences, "tokenizer" | "special">;
  /** The sounds to train on, and those held out. */
  readonly sounds: Split<ClassDataset<Features>>;
}

/** Sounds, and the tokens that are to follow each other. */
export interface SpokenBatch {
  /** As features, all equally long. */
  readonly sounds: readonly Features[];
  /** The tokens of their texts, row after row, −1 behind shorter ones. */
  readonly labels: Int32Array;
}

/**
 * The task of writing down what is said.
 *
 * Measures: `nats` per token, and the share of tokens that are right after the right ones, `accuracy`.
 *
 * @param spoken The sounds, and how their texts become tokens.
 * @returns The task, for a described model that hears features and writes tokens.
 */
export function transcription({ sounds, text }: SpokenTexts): Task<SpokenBatch> {
  const { train, heldOut } = sounds;
  const { padding, start } = text.special;
  const texts = train.classes.map((word) => encodeSentence(word, text));
  const of = ({ label }: Features): Int32Array => texts[label]!;
  const batchOf = (examples: readonly Features[]): SpokenBatch => ({
    sounds: examples,
    labels: paddedRows(examples.map(of), ignore).ids,
  });
  const tokensIn = ({ examples }: ClassDataset<Features>): Int32Array =>
    Int32Array.from(examples.flatMap((one) => [...of(one)]));
  const [{ values, frames }] = train.examples as [Features];
  const { vocabulary } = text.tokenizer;
  return {
    id: "transcription",
    kind: "speech-to-text",
    sizes: { channels: values.length / frames, frames, vocabulary },
    length: texts.reduce((most, { length }) => Math.max(most, length), 1),
    example: meanAmount("frames", sounds, ({ frames }) => frames),
    data: factsOf(sounds, hashOfSounds(sounds)),
    baseline: unigram(tokensIn(train), tokensIn(heldOut), vocabulary),
    draw: (part, rows, random) => batchOf(drawExamples(sounds, part, rows, random)),
    inputs: ({ sounds: heard }) => ({
      inputs: {
        ...soundInputs(heard).inputs,
        tokens: paddedRows(heard.map((one) => [start, ...of(one).subarray(0, -1)]), padding),
      },
    }),
    loss: (logits, { labels }) => crossEntropy(logits, labels, { ignore }),
    evaluate: async ({ logits }, size) =>
      await measureGuesses(heldOutBatches(sounds, size).map(batchOf), logits),
  };
}
