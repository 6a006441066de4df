// Texts as settings name them: Moby-Dick or a file, in characters or in byte pairs of the text's own.

import { type OptionKinds, requireOptions } from "../core/options.ts";
import { tokenizerOfTexts } from "../data/byte_pairs.ts";
import { mobyDickName, mobyDickText } from "../data/moby_dick.ts";
import { sha256Of } from "../platform/hash.ts";
import {
  type Corpus,
  type CorpusOptions,
  encodeCorpus,
  makeCorpus,
  readCorpus,
  requireRoom,
} from "../train/corpus.ts";
import { readText, type TextOptions } from "../train/text.ts";
import type { Tokenizer } from "../train/tokenizer.ts";
import type { ModelTokens } from "./model_tokens.ts";
import { requireAlone } from "./sources.ts";
import type { Baseline, ExampleFacts } from "./task.ts";

/** Which text. */
export interface TextData extends TextOptions, Pick<CorpusOptions, "heldOutShare"> {
  /** A file, or a folder of *.txt; Moby-Dick by default. */
  readonly text?: string;
  /** The most tokens of a byte-pair tokenizer that is trained on the part to train on; without it tokens are characters. */
  readonly vocabulary?: number;
  /** Tokens of a row; 64 by default. */
  readonly length?: number;
}

const dataKinds: OptionKinds<TextData> = {
  encoding: "string?",
  keepLineEnds: "boolean?",
  heldOutShare: "number?",
  text: "string?",
  vocabulary: "number?",
  length: "number?",
};

/** A text that rows are cut from. */
export interface Rows {
  /** The text. */
  readonly corpus: Corpus<Tokenizer>;
  /** Tokens of a row. */
  readonly length: number;
  /** Those of a model that is there already. */
  readonly tokens?: ModelTokens;
}

/**
 * The text that settings name.
 *
 * @param data What they say.
 * @param tokens Those of the model that is to be trained, where it is there already.
 * @returns The text, and the length of its rows.
 * @throws {RangeError} If an option is unknown, the text cannot be read, or a part of it is shorter than a row.
 */
export async function rowsOf(data: TextData, tokens?: ModelTokens): Promise<Rows> {
  requireOptions("data", data, dataKinds);
  requireAlone(data, "text", ["encoding", "keepLineEnds"], false);
  if (tokens !== undefined) requireNoVocabulary(data);
  const { length = 64, ...of } = data;
  const corpus = await corpusOf(of, tokens?.tokenizer);
  requireRoom(corpus, length, ["train", "heldOut"]);
  return { corpus, length, ...(tokens === undefined ? {} : { tokens }) };
}

/** A text in the tokens of a tokenizer, in byte pairs of its own, or else in characters, of which a file is read in pieces. */
async function corpusOf(
  { text: path, vocabulary, heldOutShare = 0.1, ...reading }: Omit<TextData, "length">,
  tokenizer: Tokenizer | undefined,
): Promise<Corpus<Tokenizer>> {
  const options = { name: path ?? mobyDickName, heldOutShare };
  const isInCharacters = tokenizer === undefined && vocabulary === undefined;
  if (isInCharacters && path !== undefined) {
    return await readCorpus(path, { ...reading, ...options });
  }
  const text = path === undefined ? await mobyDickText() : await readText(path, reading);
  if (isInCharacters) return makeCorpus(text, options);
  return encodeCorpus(text, tokenizer ?? await bytePairsOf(text, vocabulary!, options), options);
}

/**
 * Refuses a vocabulary beside that of a model.
 *
 * @param data What settings say.
 * @throws {RangeError} If they name one.
 */
export function requireNoVocabulary({ vocabulary }: { readonly vocabulary?: number }): void {
  if (vocabulary === undefined) return;
  throw new RangeError(
    `Cannot use data.vocabulary = ${vocabulary}: the model that is trained further has its own tokens`,
  );
}

/** Byte pairs of the part of a text that is trained on. */
async function bytePairsOf(
  text: string,
  vocabulary: number,
  { name, heldOutShare }: Required<Pick<CorpusOptions, "name" | "heldOutShare">>,
): Promise<Tokenizer> {
  const seen = text.slice(0, Math.floor((1 - heldOutShare) * text.length));
  return await tokenizerOfTexts(name, [seen], { vocabulary, specialTokens: [] });
}

/**
 * What a manifest says of a text that rows are cut from: its examples are tokens.
 *
 * @param corpus The text.
 * @returns Name, sizes and hash.
 */
export function factsOfText({ name, train, heldOut }: Corpus<Tokenizer>): ExampleFacts {
  return {
    name,
    sha256: sha256Of(train, heldOut),
    trainExamples: train.length,
    heldOutExamples: heldOut.length,
  };
}

/**
 * What the frequencies of tokens alone predict.
 *
 * @param train Tokens to count.
 * @param heldOut Tokens to predict.
 * @param vocabulary How many different ones there may be.
 * @returns Cross entropy, and how often the most frequent token is right.
 */
export function unigram(train: Int32Array, heldOut: Int32Array, vocabulary: number): Baseline {
  const counts = new Float64Array(vocabulary).fill(1); // none is impossible
  for (const token of train) counts[token]! += 1;
  const most = counts.reduce((best, count, token) => count > counts[best]! ? token : best, 0);
  const total = train.length + vocabulary;
  let [nats, right] = [0, 0];
  for (const token of heldOut) {
    nats -= Math.log(counts[token]! / total);
    right += Number(token === most);
  }
  return {
    name: "the frequencies of tokens",
    measured: { nats: nats / heldOut.length, accuracy: right / heldOut.length },
  };
}
