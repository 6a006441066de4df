// Every task by its id: what settings may say, what they leave open, and how the data are read.

import { requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { type DigitGridOptions, digitGrids } from "../data/digit_grids.ts";
import { causalLanguageModelling } from "./causal_lm.ts";
import { imageClassification } from "./image_classification.ts";
import { imageText, type ImageTextObjective } from "./image_text.ts";
import { keywordSpotting } from "./keyword.ts";
import { maskedImageModelling, type MaskedImageObjective } from "./masked_image.ts";
import { maskedLanguageModelling, type MaskedLmObjective } from "./masked_lm.ts";
import type { ModelTokens } from "./model_tokens.ts";
import { type PairData, sentencesOf, sentenceTokens } from "./sentences.ts";
import { openTaskKinds, type OpenTaskSettings, type TaskSettings } from "./settings.ts";
import { type ImageData, imagesOf, type SoundData, soundsOf } from "./sources.ts";
import { speechCtc } from "./speech_ctc.ts";
import type { Task } from "./task.ts";
import { rowsOf, type TextData } from "./texts.ts";
import { transcription } from "./transcription.ts";
import {
  classifiedTextsOf,
  type LabelledTextData,
  textClassification,
} from "./text_classification.ts";
import { translation, type TranslationObjective } from "./translation.ts";

/** Reads the tokens of a model that is there already. */
export type ReadTokens = () => Promise<ModelTokens>;

/** A task before its data are read. */
interface Entry {
  /** What it is, in a line. */
  readonly summary: string;
  /** What settings may leave open. */
  readonly defaults: Omit<TaskSettings, "task">;
  /** Reads the data. */
  readonly read: (
    data: Readonly<Record<string, unknown>>,
    objective: Readonly<Record<string, unknown>>,
    tokens: ReadTokens | undefined,
  ) => Promise<Task>;
}

/** An entry whose data and objective are of some types, which its reading checks. */
const entry = <D, O = Record<never, never>>(
  summary: string,
  defaults: Entry["defaults"],
  read: (data: D, objective: O, tokens: ReadTokens | undefined) => Promise<unknown>,
): Entry => ({ summary, defaults, read: read as Entry["read"] });

/** What all leave open alike. */
const shared = {
  schedule: { kind: "cosine", peak: 1e-3, warmup: 30, steps: 300 },
  seed: 0,
  steps: 300,
  rows: 32,
  evaluationBatches: 16,
} as const;

/** The tasks. */
const entries: Readonly<Record<string, Entry>> = {
  "causal-lm": entry<TextData>(
    "the next token: Moby-Dick, or a text",
    { ...shared, rows: 16, model: { width: 64, heads: 4, depth: 4 } },
    async (data, _, tokens) => causalLanguageModelling(await rowsOf(data, await tokens?.())),
  ),
  "masked-lm": entry<TextData, MaskedLmObjective>(
    "masked tokens of Moby-Dick, or of a text",
    { ...shared, rows: 16, model: { width: 64, heads: 4, depth: 4 } },
    async (data, objective, tokens) =>
      maskedLanguageModelling(await rowsOf(data, await tokens?.()), objective),
  ),
  "text-classification": entry<LabelledTextData>(
    "the class of a text: the languages of CLDR's phrases, or a folder of *.txt for each class",
    { ...shared, model: { width: 64, heads: 4, depth: 4, pooling: "mean" } },
    async (data, _, tokens) => textClassification(await classifiedTextsOf(data, await tokens?.())),
  ),
  translation: entry<PairData, TranslationObjective>(
    "phrases in another language: those of Unicode's CLDR, or two files of sentences",
    { ...shared, model: { width: 64, heads: 4, encoderDepth: 3, decoderDepth: 3 } },
    async (data, objective, tokens) =>
      translation(await sentencesOf(data, await tokens?.()), objective),
  ),
  "image-classification": entry<ImageData>(
    "the class of an image: MNIST's digits, or a folder of PNG and JPEG",
    { ...shared, model: { width: 64, heads: 4, depth: 4, patchSize: 7 } },
    async (data) => imageClassification(await imagesOf(data)),
  ),
  "masked-image": entry<ImageData, MaskedImageObjective>(
    "codes of hidden patches of MNIST's digits, or of a folder of PNG and JPEG",
    { ...shared, model: { width: 64, heads: 4, depth: 4 } },
    async (data, objective) => maskedImageModelling(await imagesOf(data), objective),
  ),
  "image-text": entry<DigitGridOptions, ImageTextObjective>(
    'the words of a caption: grids of MNIST\'s digits, such as "two over seven five"',
    { ...shared, model: { width: 64, heads: 4, depth: 4 } },
    async (data, objective) => imageText(await digitGrids(data), objective),
  ),
  "speech-ctc": entry<SoundData>(
    "the letters of a spoken word: a folder of WAV in the layout of Speech Commands",
    { ...shared, model: { width: 64, heads: 4, depth: 4 } },
    async (data) => speechCtc(await soundsOf(data)),
  ),
  keyword: entry<SoundData>(
    "which word is spoken: a folder of WAV in the layout of Speech Commands",
    { ...shared, model: { width: 64, heads: 4, depth: 4 } },
    async (data) => keywordSpotting(await soundsOf(data)),
  ),
};

/** Tasks for models that are there already. */
const further: Readonly<Record<string, Entry>> = {
  transcription: entry<SoundData>(
    "the text of a spoken word, by Whisper: a folder of WAV in the layout of Speech Commands",
    { ...shared, rows: 8, model: { width: 64, heads: 4 } },
    async (data, _, tokens) => {
      if (tokens === undefined) {
        throw new RangeError(
          "Cannot start a model for transcription: it is for one that hears and writes already (--from)",
        );
      }
      const sounds = await soundsOf({ mels: 80, seconds: 30, ...data });
      return transcription({ sounds, text: sentenceTokens(await tokens()) });
    },
  ),
};

/** What `task` may be in settings of a model that starts anew. */
export const taskIds: readonly string[] = Object.keys(entries);

/** What it may be in settings of one that is there already. */
export const tuningIds: readonly string[] = [...taskIds, ...Object.keys(further)];

function entryOf(id: string): Entry {
  return { ...entries, ...further }[requireOneOf("task", id, tuningIds)]!;
}

/**
 * What a task is, in a line.
 *
 * @param id Its id.
 * @returns The line.
 * @throws {RangeError} If there is no such task.
 */
export const summaryOf = (id: string): string => entryOf(id).summary;

/**
 * Settings with what they leave open. A decay ends with the last step, and a warm-up is no longer than the run.
 *
 * @param given The settings; only the task must be there.
 * @param of Whose settings they are, for messages; such as the path of their file.
 * @returns The settings, as `trainTask()` takes them.
 * @throws {RangeError} If there is no such task, a key is unknown, or a value is of another kind.
 */
export function completeTask(given: OpenTaskSettings, of = "the settings"): TaskSettings {
  requireOptions(of, given, openTaskKinds);
  const { defaults } = entryOf(given.task);
  const steps = given.steps ?? defaults.steps;
  const warmup = Math.max(1, Math.min(defaults.schedule.warmup ?? 1, steps));
  return {
    ...defaults,
    ...given,
    steps,
    schedule: { ...defaults.schedule, warmup, steps: Math.max(warmup, steps), ...given.schedule },
    model: { ...defaults.model, ...given.model },
  };
}

/**
 * Reads the data of a task.
 *
 * @param settings The settings; only the task must be there.
 * @param tokens Reads those of the model that is to be trained, where it is there already; called where the data are texts.
 * @returns The task.
 * @throws {RangeError} If there is no such task, a key is unknown, or its data cannot be read.
 */
export async function readTask(settings: OpenTaskSettings, tokens?: ReadTokens): Promise<Task> {
  const { task, data = {}, objective = {} } = completeTask(settings, "readTask()");
  return await entryOf(task).read(data, objective, tokens);
}
