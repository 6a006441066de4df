// Text classification: of which class a text is.

import { requireInteger } from "../core/check.ts";
import { excerpt } from "../core/excerpt.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { tokenizerOfTexts } from "../data/byte_pairs.ts";
import {
  type ClassDataset,
  holdOut,
  type Split,
  splitKinds,
  type SplitOptions,
} from "../data/dataset.ts";
import { type LabelledText, phraseLanguages, readTextFolder } from "../data/labelled_texts.ts";
import { sha256Of } from "../platform/hash.ts";
import { meanAmount, paddedRows } from "./batches.ts";
import { classificationTask } from "./classification.ts";
import type { ModelTokens } from "./model_tokens.ts";
import type { Task } from "./task.ts";
import { requireAlone } from "./sources.ts";
import { requireNoVocabulary } from "./texts.ts";
import { textKinds, type TextOptions } from "../train/text.ts";
import type { Tokenizer } from "../train/tokenizer.ts";

/** Which texts. */
export interface LabelledTextData extends SplitOptions, TextOptions {
  /** A folder with a folder of *.txt for each class; CLDR's phrases by their languages by default. */
  readonly folder?: string;
  /** A folder of those that are held out; by default a share of the others is. */
  readonly heldOutFolder?: string;
  /** The most tokens of the byte pairs that are trained on the texts; 512 by default. */
  readonly vocabulary?: number;
  /** The most tokens of a text that are read; 64 by default. */
  readonly length?: number;
}

const dataKinds: OptionKinds<LabelledTextData> = {
  ...splitKinds,
  ...textKinds,
  folder: "string?",
  heldOutFolder: "string?",
  vocabulary: "number?",
  length: "number?",
};

/** A text in tokens. */
export interface LabelledTokens extends LabelledText {
  /** Its first tokens. */
  readonly tokens: readonly number[];
}

/** Texts in tokens. */
export interface ClassifiedTexts {
  /** Those to train on, and those held out. */
  readonly texts: Split<ClassDataset<LabelledTokens>>;
  /** How many tokens there are. */
  readonly vocabulary: number;
  /** Between texts and tokens, which a run keeps. */
  readonly tokenizer?: Tokenizer;
  /** The most tokens of a text. */
  readonly length: number;
}

async function splitOf(data: LabelledTextData): Promise<Split<ClassDataset<LabelledText>>> {
  const { folder, heldOutFolder, heldOutShare, seed } = data;
  const split = {
    ...(heldOutShare === undefined ? {} : { heldOutShare }),
    ...(seed === undefined ? {} : { seed }),
  };
  if (folder === undefined) return await phraseLanguages(split);
  const { encoding, keepLineEnds = false } = data;
  const reading = { ...(encoding === undefined ? {} : { encoding }), keepLineEnds };
  const train = await readTextFolder(folder, reading);
  if (heldOutFolder === undefined) return holdOut(train, split);
  const { classes } = train;
  return { train, heldOut: await readTextFolder(heldOutFolder, { ...reading, classes }) };
}

/**
 * The texts that settings name, each cut behind its first tokens.
 *
 * @param data What they say.
 * @param own The tokens of the model that is to be trained, where it is there already.
 * @returns The texts in tokens.
 * @throws {RangeError} If an option is unknown or out of range, or a folder cannot be read.
 */
export async function classifiedTextsOf(
  data: LabelledTextData,
  own?: ModelTokens,
): Promise<ClassifiedTexts> {
  requireOptions("data", data, dataKinds);
  if (own !== undefined) requireNoVocabulary(data);
  requireAlone(data, "folder", ["heldOutFolder", "encoding", "keepLineEnds"], false);
  requireAlone(data, "heldOutFolder", ["heldOutShare", "seed"], true);
  const length = requireInteger("length", data.length ?? 64, { min: 1 });
  const { train, heldOut } = await splitOf(data);
  const tokenizer = own?.tokenizer ?? await tokenizerOfTexts(
    train.name,
    train.examples.map(({ text }) => text),
    { vocabulary: data.vocabulary ?? 512, specialTokens: [] },
  );
  const encoded = (part: ClassDataset<LabelledText>): ClassDataset<LabelledTokens> => ({
    ...part,
    examples: part.examples.map((example) => {
      const tokens = [...tokenizer.encode(example.text).subarray(0, length)];
      if (tokens.length > 0) return { ...example, tokens };
      throw new RangeError(`Cannot use the text ${excerpt(example.text)}: it has no tokens`);
    }),
  });
  const texts = { train: encoded(train), heldOut: encoded(heldOut) };
  return { texts, vocabulary: tokenizer.vocabulary, tokenizer, length };
}

/**
 * The task of naming the class of a text.
 *
 * Measures: `nats`, `accuracy` with its 95 % interval `low` to `high`.
 *
 * @param texts The texts in tokens.
 * @returns The task, for encoders.
 */
export function textClassification(
  { texts, vocabulary, tokenizer, length }: ClassifiedTexts,
): Task<readonly LabelledTokens[]> {
  const { train, heldOut } = texts;
  const content = [...train.examples, ...heldOut.examples].map(({ text, label }) => [text, label]);
  return classificationTask<LabelledTokens>({
    id: "text-classification",
    kind: "encoder",
    sizes: { vocabulary, context: length },
    length,
    example: meanAmount("tokens", texts, ({ tokens }) => tokens.length),
    ...(tokenizer === undefined ? {} : { text: { tokenizer } }),
    split: texts,
    sha256: sha256Of(JSON.stringify(content)),
    inputs: (examples) => ({
      inputs: { tokens: paddedRows(examples.map(({ tokens }) => tokens), 0) },
      keyLengths: examples.map(({ tokens }) => tokens.length),
    }),
  });
}
