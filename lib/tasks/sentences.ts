// Sentences with their translations as settings name them, in byte pairs that both languages share.

import { requireInteger } from "../core/check.ts";
import { excerpt } from "../core/excerpt.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { tokenizerOfTexts } from "../data/byte_pairs.ts";
import { type CldrLanguage, cldrPhrases } from "../data/cldr.ts";
import {
  type Dataset,
  holdOut,
  type Split,
  splitKinds,
  type SplitOptions,
} from "../data/dataset.ts";
import { type Language, languageOf } from "../data/languages.ts";
import { nearDuplicateGroups } from "../data/near_duplicates.ts";
import { readPairs, type ReadPairsOptions, type SentencePair } from "../data/pairs.ts";
import { tokenizerOfTable } from "../data/tokenizer_file.ts";
import { requireAlone, requireTogether } from "./sources.ts";
import { requireNoVocabulary } from "./texts.ts";
import type { ModelTokenizer } from "../data/model_tokenizer.ts";
import type { ModelTokens, SentenceTokens } from "./model_tokens.ts";

/** Which sentences. */
export interface PairData extends SplitOptions, Pick<ReadPairsOptions, "encoding"> {
  /** A file of sentences, one a line; the phrases of Unicode's CLDR by default. */
  readonly source?: string;
  /** The file of their translations. */
  readonly target?: string;
  /** A file of sentences that are held out; by default a share of the others is, without near-duplicates. */
  readonly heldOutSource?: string;
  /** The file of their translations. */
  readonly heldOutTarget?: string;
  /** The language of CLDR's phrases to translate from; `"de"` by default. */
  readonly from?: CldrLanguage;
  /** The language of CLDR's phrases to translate into; `"en"` by default. */
  readonly to?: CldrLanguage;
  /** The token of the language to translate from, of a model that is there already and knows many: `de_DE` (mBART), `__de__` (M2M100). */
  readonly sourceLanguage?: string;
  /** That of the language to translate into. */
  readonly targetLanguage?: string;
  /** The most tokens of the byte pairs that are trained on both sides; 512 by default. */
  readonly vocabulary?: number;
  /** The most tokens of a sentence; as many as the longest one has by default. */
  readonly length?: number;
}

const dataKinds: OptionKinds<PairData> = {
  ...splitKinds,
  encoding: "string?",
  source: "string?",
  target: "string?",
  heldOutSource: "string?",
  heldOutTarget: "string?",
  from: "string?",
  to: "string?",
  sourceLanguage: "string?",
  targetLanguage: "string?",
  vocabulary: "number?",
  length: "number?",
};

/** A pair of two files. */
export interface PlacedPair extends SentencePair {
  /** Where each is from, for messages: `line 3 of train.de`. */
  readonly places?: readonly [source: string, target: string];
}

/** A sentence and its translation, as texts and as tokens with their ends. */
export interface EncodedPair extends PlacedPair {
  /** The tokens of the sentence. */
  readonly from: Int32Array;
  /** The tokens of its translation. */
  readonly to: Int32Array;
}

/** Sentences in tokens. */
export interface Sentences {
  /** Those to train on, and those held out. */
  readonly pairs: Split<Dataset<EncodedPair>>;
  /** Between texts and tokens. */
  readonly tokenizer: ModelTokenizer;
  /** The tokens around sentences. */
  readonly special: SentenceTokens;
  /** The most tokens of a sentence, its end among them. */
  readonly length: number;
}

/** The tokens that byte pairs of our own have around sentences. */
const ownSpecial: SentenceTokens = { padding: 0, start: 1, end: 2 };

const sequence = (id: "A" | "B") => [
  { Sequence: { id, type_id: 0 } },
  { SpecialToken: { id: "</s>", type_id: 0 } },
];

/** What of a `tokenizer.json` puts the end behind each sentence. */
const withEnd = {
  type: "TemplateProcessing",
  single: sequence("A"),
  pair: [...sequence("A"), ...sequence("B")],
  special_tokens: { "</s>": { id: "</s>", ids: [ownSpecial.end], tokens: ["</s>"] } },
};

/** Pairs of files, which know where they are from. */
async function placedPairs(
  source: string,
  target: string,
  reading: ReadPairsOptions,
): Promise<Dataset<PlacedPair>> {
  const { name, examples } = await readPairs(source, target, reading);
  return {
    name,
    examples: examples.map((pair, at) => ({
      ...pair,
      places: [`line ${at + 1} of ${source}`, `line ${at + 1} of ${target}`],
    })),
  };
}

async function pairsOf(data: PairData): Promise<Split<Dataset<PlacedPair>>> {
  const { source, target, heldOutSource, heldOutTarget, heldOutShare, seed, encoding } = data;
  const split = {
    ...(heldOutShare === undefined ? {} : { heldOutShare }),
    ...(seed === undefined ? {} : { seed }),
  };
  if (source === undefined || target === undefined) {
    return await cldrPhrases(data.from ?? "de", data.to ?? "en", split);
  }
  const reading = encoding === undefined ? {} : { encoding };
  const train = await placedPairs(source, target, reading);
  if (heldOutSource !== undefined && heldOutTarget !== undefined) {
    return { train, heldOut: await placedPairs(heldOutSource, heldOutTarget, reading) };
  }
  const { examples } = train;
  const groups = nearDuplicateGroups(
    examples.map((pair) => pair.source),
    examples.map((pair) => pair.target),
  );
  return holdOut(train, { ...split, groups });
}

/**
 * The sentences that settings name.
 *
 * @param data What they say.
 * @param tokens Those of the model that is to be trained, where it is there already.
 * @returns The sentences in tokens.
 * @throws {RangeError} If an option is unknown or lacks its other half, a file cannot be read, a sentence is longer than the length, or
 * the model does not say with what its decoder starts and sentences end.
 */
export async function sentencesOf(data: PairData, tokens?: ModelTokens): Promise<Sentences> {
  requireOptions("data", data, dataKinds);
  requireTogether(data, "source", "target");
  requireAlone(data, "source", ["encoding"], false);
  requireAlone(data, "heldOutSource", ["heldOutShare", "seed"], true);
  requireTogether(data, "heldOutSource", "heldOutTarget");
  if (data.heldOutSource !== undefined && data.source === undefined) {
    throw new RangeError(
      "Cannot use data.heldOutSource without data.source: phrases of CLDR are held out by a share",
    );
  }
  if (tokens === undefined) {
    requireNoLanguage(data);
    return await sentencesIn(await pairsOf(data), data);
  }
  requireNoVocabulary(data);
  const { tokenizer } = tokens;
  const [from, to] = [data.sourceLanguage, data.targetLanguage].map((name) =>
    name === undefined ? undefined : languageOf(tokenizer, name)
  );
  return encodedPairs(await pairsOf(data), intoLanguage(tokens, to), {
    reading: from ?? tokenizer,
    length: data.length,
    context: tokens.context,
  });
}

function requireNoLanguage(data: PairData): void {
  const name = (["sourceLanguage", "targetLanguage"] as const).find((key) => data[key]);
  if (name === undefined) return;
  throw new RangeError(
    `Cannot use data.${name} = ${
      data[name]
    }: a model that starts anew has no tokens of languages; it is for one that is there (--from)`,
  );
}

/** The tokens of translations into a language, which a decoder starts with or writes first. */
function intoLanguage(tokens: ModelTokens, to: Language | undefined): Tokens {
  if (to === undefined) return sentenceTokens(tokens);
  const { token, isBehind, encode } = to;
  const sentence = isBehind ? { ...tokens.sentence, start: token } : tokens.sentence;
  const { special } = sentenceTokens({ ...tokens, sentence });
  const tokenizer = { ...tokens.tokenizer, encode };
  return { tokenizer, special: isBehind ? special : { ...special, first: token } };
}

/**
 * How the sentences of a model that is there already become tokens.
 *
 * @param tokens Its tokens.
 * @returns Its tokenizer, and the tokens around sentences.
 * @throws {RangeError} If it does not say with what its decoder starts and sentences end.
 */
export function sentenceTokens({ tokenizer, sentence }: ModelTokens): Tokens {
  const { padding = 0, start, end } = sentence;
  if (start === undefined || end === undefined) {
    throw new RangeError(
      `Cannot train on sentences: the model's configuration has no ${
        start === undefined ? "decoder_start_token_id" : "eos_token_id"
      }`,
    );
  }
  return { tokenizer, special: { padding, start, end } };
}

/**
 * Sentences in tokens.
 *
 * @param split The sentences to train on, of which the byte pairs are made, and those held out.
 * @param size The most tokens of the vocabulary, and of a sentence.
 * @returns The same with a tokenizer.
 * @throws {RangeError} If a sentence is longer than the length.
 */
export async function sentencesIn(
  { train, heldOut }: Split<Dataset<PlacedPair>>,
  size: Pick<PairData, "vocabulary" | "length"> = {},
): Promise<Sentences> {
  const texts = train.examples.flatMap(({ source, target }) => [source, target]);
  const { table } = await tokenizerOfTexts(train.name, texts, {
    vocabulary: size.vocabulary ?? 512,
    specialTokens: ["<pad>", "<s>", "</s>"],
  });
  const tokenizer = tokenizerOfTable({ ...table, post_processor: withEnd }, train.name);
  const { length } = size;
  return encodedPairs({ train, heldOut }, { tokenizer, special: ownSpecial }, { length });
}

/** How sentences become tokens. */
type Tokens = Pick<Sentences, "tokenizer" | "special">;

/**
 * The tokens of a sentence, with its end; without a start, which a tokenizer may add.
 *
 * @param text The sentence.
 * @param tokens How it becomes tokens.
 * @returns Its tokens.
 */
export function encodeSentence(
  text: string,
  { tokenizer, special }: Pick<Tokens, "special"> & {
    readonly tokenizer: Pick<ModelTokenizer, "encode">;
  },
): Int32Array {
  const found = [...tokenizer.encode(text)];
  const own = found[0] === special.start ? found.slice(1) : found;
  return Int32Array.from(own.includes(special.end) ? own : [...own, special.end]);
}

/** How sentences are read, and how long they may be. */
interface Reading {
  /** Between sources and tokens; that of the targets by default. */
  readonly reading?: Pick<ModelTokenizer, "encode">;
  /** The most tokens that settings allow. */
  readonly length?: number | undefined;
  /** The most that the model reads. */
  readonly context?: number | undefined;
}

function encodedPairs(
  { train, heldOut }: Split<Dataset<PlacedPair>>,
  tokens: Tokens,
  { reading = tokens.tokenizer, ...limits }: Reading,
): Sentences {
  const encoded = ({ name, examples }: Dataset<PlacedPair>): Dataset<EncodedPair> => ({
    name,
    examples: examples.map((pair) => ({
      ...pair,
      from: encodeSentence(pair.source, { special: tokens.special, tokenizer: reading }),
      to: encodeSentence(pair.target, tokens),
    })),
  });
  const pairs = { train: encoded(train), heldOut: encoded(heldOut) };
  return { pairs, ...tokens, length: lengthFor(pairs, limits) };
}

/** The most tokens of a sentence with its end; none may be longer than a given length, or than the model reads. */
function lengthFor(
  { train, heldOut }: Sentences["pairs"],
  { length: given, context = Infinity }: Omit<Reading, "reading">,
): number {
  const most = given === undefined ? context : requireInteger("length", given, { min: 1 });
  const limit = given === undefined ? `the model reads ${context}` : `data.length is ${given}`;
  let longest = 0;
  for (const { name, examples } of [train, heldOut]) {
    for (const { source, target, from, to, places } of examples) {
      const length = Math.max(from.length, to.length);
      longest = Math.max(longest, length);
      if (length <= most) continue;
      const [text, place] = from.length > most ? [source, places?.[0]] : [target, places?.[1]];
      throw new RangeError(
        `Cannot use ${excerpt(text)}, ${
          place ?? `of ${name}`
        }: it has ${length} tokens with its end, and ${limit}`,
      );
    }
  }
  return given ?? longest;
}
