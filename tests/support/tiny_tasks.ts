// Each task on data that take no time: a handful of images and sounds that tell their class by where they are bright or loud.

import { type Dataset, holdOut } from "../../lib/data/dataset.ts";
import type { CaptionDataset } from "../../lib/data/digit_grids.ts";
import type { ImageDataset } from "../../lib/data/images.ts";
import type { SentencePair } from "../../lib/data/pairs.ts";
import { causalLanguageModelling } from "../../lib/tasks/causal_lm.ts";
import { imageText } from "../../lib/tasks/image_text.ts";
import { imageClassification } from "../../lib/tasks/image_classification.ts";
import { keywordSpotting } from "../../lib/tasks/keyword.ts";
import { maskedImageModelling } from "../../lib/tasks/masked_image.ts";
import { maskedLanguageModelling } from "../../lib/tasks/masked_lm.ts";
import { type Sentences, sentencesIn } from "../../lib/tasks/sentences.ts";
import type { FeatureDataset } from "../../lib/tasks/sounds.ts";
import type { TaskSettings } from "../../lib/tasks/settings.ts";
import { speechCtc } from "../../lib/tasks/speech_ctc.ts";
import { textClassification } from "../../lib/tasks/text_classification.ts";
import { translation } from "../../lib/tasks/translation.ts";
import type { Task } from "../../lib/tasks/task.ts";
import { type Corpus, makeCorpus } from "../../lib/train/corpus.ts";

/** A task, and settings by which a model learns it within some steps. */
export interface TinyTask {
  readonly task: Task;
  readonly settings: TaskSettings;
}

const split = { heldOutShare: 0.3 };
const classes = ["l", "r"];

/** Images of 4 × 4, bright on one side; no two are alike. */
export const tinyImages: ImageDataset = {
  name: "sides",
  height: 4,
  width: 4,
  channels: 1,
  classes,
  examples: Array.from({ length: 20 }, (_, at) => ({
    label: at % 2,
    pixels: Uint8Array.from(
      { length: 16 },
      (_, place) => (place % 4 < 2) === (at % 2 === 0) ? 255 - at : place + at,
    ),
  })),
};

/** Sounds of two bands, of 4 to 6 frames, loud in one of them. */
export const tinySounds: FeatureDataset = {
  name: "bands",
  classes,
  examples: Array.from({ length: 20 }, (_, at) => {
    const frames = 4 + at % 3;
    const values = Float32Array.from(
      { length: 2 * frames },
      (_, place) => (place < frames) === (at % 2 === 0) ? 1 - at / 100 : at / 100,
    );
    return { label: at % 2, frames, values };
  }),
};

/** The same images with captions of one or two words. */
const tinyCaptions: CaptionDataset = {
  ...tinyImages,
  examples: tinyImages.examples.map(({ pixels, label }, at) => ({
    pixels,
    caption: `${at % 4 < 2 ? "the " : ""}${classes[label]}`,
  })),
};

/** Texts of 3 to 5 tokens, of which the most frequent tells the class. */
const tinyTexts = {
  name: "majorities",
  classes,
  examples: Array.from({ length: 20 }, (_, at) => ({
    label: at % 2,
    text: String(at),
    tokens: Array.from({ length: 3 + at % 3 }, (_, place) => place === at % 3 ? 2 : at % 2),
  })),
};

/** A text that goes round. */
export const tinyText: Corpus = makeCorpus("abcabd".repeat(20), { name: "round" });

/** A text of which each letter tells its neighbors. */
const tinyPairs: Corpus = makeCorpus("ab".repeat(60), { name: "pairs" });

const pairs: Dataset<SentencePair> = {
  name: "letters",
  examples: Array.from({ length: 20 }, (_, at) => ({
    source: `${at % 2 === 0 ? "a" : "b"}${at}`,
    target: at % 2 === 0 ? "a b c d" : "e f g h",
  })),
};

/** Sentences whose translation is told by their first letter. */
const tinySentences: Sentences = await sentencesIn(holdOut(pairs, split), { vocabulary: 259 });

const shared = {
  schedule: { kind: "constant", peak: 0.01 },
  seed: 3,
  steps: 30,
  rows: 4,
  evaluationBatches: 2,
} as const;
const stack = { width: 8, heads: 2 };
const layers = { ...stack, depth: 2 };
const made = <B>(
  task: Task<B>,
  model: TaskSettings["model"],
  others: Partial<TaskSettings> = {},
): TinyTask => ({
  task: task as Task,
  settings: { ...shared, task: task.id, model, ...others },
});

/** Every task by its id. */
export const tinyTasks: Readonly<Record<string, () => TinyTask>> = {
  "causal-lm": () => made(causalLanguageModelling({ corpus: tinyText, length: 8 }), layers),
  "image-classification": () =>
    made(imageClassification(holdOut(tinyImages, split)), { ...layers, patchSize: 2 }),
  "masked-lm": () =>
    made(maskedLanguageModelling({ corpus: tinyPairs, length: 8 }), layers, { steps: 150 }),
  "masked-image": () =>
    made(
      maskedImageModelling(holdOut(tinyImages, split), { patchSize: 1, codes: 2, share: 0.2 }),
      layers,
      { steps: 150, schedule: { kind: "constant", peak: 0.02 } },
    ),
  "image-text": () =>
    made(imageText(holdOut(tinyCaptions, split), { patchSize: 2 }), layers, { steps: 150 }),
  "speech-ctc": () => made(speechCtc(holdOut(tinySounds, split)), layers, { steps: 60 }),
  "text-classification": () =>
    made(
      textClassification({ texts: holdOut(tinyTexts, split), vocabulary: 4, length: 5 }),
      { ...layers, pooling: "mean" },
    ),
  translation: () =>
    made(translation(tinySentences), { ...stack, encoderDepth: 1, decoderDepth: 2 }, {
      steps: 150,
      schedule: { kind: "constant", peak: 0.02 },
    }),
  keyword: () => made(keywordSpotting(holdOut(tinySounds, split)), layers),
};
