// Byte-pair tokenizers of one's own text: pretokens of GPT-2, whose bytes are merged.

import { requireInteger } from "../core/check.ts";
import { excerpt } from "../core/excerpt.ts";
import { type OptionKinds, requireOptions, shown } from "../core/options.ts";
import { openText, type TextOptions } from "../train/text.ts";
import { findMerges, mostTokens } from "./byte_pair_merges.ts";
import { pretokens } from "./pretokens.ts";
import { type FileTokenizer, tokenizerOfTable } from "./tokenizer_file.ts";

/** Options of {@linkcode trainTokenizer}. */
export interface TrainTokenizerOptions extends TextOptions {
  /** How many tokens there are to be, at most: special ones, 256 bytes, and merges. */
  readonly vocabulary: number;
  /** Tokens that no text is cut into, such as `<|endoftext|>`, which is the only one by default. They have the first ids. */
  readonly specialTokens?: readonly string[];
  /** How often a pair must occur to be merged; 2 by default. */
  readonly minFrequency?: number;
}

/** How large a tokenizer is to be. */
type TokenizerSize = Omit<TrainTokenizerOptions, keyof TextOptions>;

const trainKinds: OptionKinds<TrainTokenizerOptions> = {
  encoding: "string?",
  keepLineEnds: "boolean?",
  vocabulary: "number",
  specialTokens: "list?",
  minFrequency: "number?",
};

/** Bytes that are printed as themselves; the others get characters from U+0100 on, so that no token has white space in it. */
const isPrinted = (byte: number): boolean =>
  (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);

/** The character that stands for each byte. */
const characters: readonly string[] = (() => {
  let others = 0x100;
  return Array.from(
    { length: 256 },
    (_, byte) => String.fromCodePoint(isPrinted(byte) ? byte : others++),
  );
})();

/** The lines of a text that comes in pieces, with their ends. */
async function* wholeLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of pieces) {
    const end = piece.lastIndexOf("\n") + 1;
    if (end > 0) yield* (rest + piece.slice(0, end)).split(/(?<=\n)/);
    rest = end > 0 ? piece.slice(end) : rest + piece;
  }
  if (rest !== "") yield rest;
}

/** How often each pretoken occurs, line by line. */
async function countPretokens(
  { name, pieces }: TokenizerText,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const line of wholeLines(pieces)) {
    for (const [word] of line.matchAll(pretokens)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  if (counts.size > 0) return counts;
  throw new RangeError(`Cannot train a tokenizer on the text ${name}: it is empty`);
}

/** A text that a tokenizer is trained on. */
interface TokenizerText {
  /** What it is called. */
  readonly name: string;
  /** What it says, one piece after the other. */
  readonly pieces: AsyncIterable<string>;
}

function requireSpecial(tokens: readonly string[]): readonly string[] {
  const wrong = tokens.find((token, at) =>
    typeof token !== "string" || token === "" || tokens.indexOf(token) !== at
  );
  if (wrong === undefined) return tokens;
  throw new RangeError(
    `Cannot use ${
      typeof wrong === "string" ? excerpt(wrong) : shown(wrong)
    } in specialTokens: each must be a text of its own, and none may be empty`,
  );
}

/** The content of a `tokenizer.json`, as Hugging Face's tokenizers write it. */
function tableOf(
  special: readonly string[],
  tokens: readonly string[],
  merges: readonly (readonly [number, number])[],
): FileTokenizer["table"] {
  const added = {
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
  const byteLevel = {
    type: "ByteLevel",
    add_prefix_space: true,
    trim_offsets: true,
    use_regex: true,
  };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({ id, content, ...added })),
    normalizer: null,
    pre_tokenizer: { ...byteLevel, add_prefix_space: false },
    post_processor: { ...byteLevel, trim_offsets: false },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map(([first, second]) => [tokens[first]!, tokens[second]!]),
    },
  };
}

/**
 * Trains a byte-level byte-pair tokenizer, as GPT-2's is, on a text file or the files `*.txt` of a folder. The text is read line by line,
 * so that memory grows with the number of different words alone. Any text can be encoded, since all bytes are tokens.
 *
 * @param path The file or folder.
 * @param options The size of the vocabulary, special tokens, the least frequency, and how the text is read.
 * @returns The tokenizer, which has fewer tokens where the text has no more pairs.
 * @throws {RangeError} If the text cannot be read or is empty, the vocabulary has no room for the bytes, or a special token is not one.
 */
export async function trainTokenizer(
  path: string,
  options: TrainTokenizerOptions,
): Promise<FileTokenizer> {
  requireOptions("trainTokenizer()", options, trainKinds);
  return await tokenizerOf({ name: path, pieces: (await openText(path, options)).pieces }, options);
}

/**
 * Trains a byte-level byte-pair tokenizer on texts that are in memory.
 *
 * @param name What they are called, for messages.
 * @param texts The texts.
 * @param options The size of the vocabulary, special tokens, the least frequency.
 * @returns The tokenizer.
 * @throws {RangeError} As of {@linkcode trainTokenizer}.
 */
export async function tokenizerOfTexts(
  name: string,
  texts: Iterable<string>,
  options: TokenizerSize,
): Promise<FileTokenizer> {
  const lines = async function* () {
    for (const text of texts) yield `${text}\n`;
  };
  return await tokenizerOf({ name, pieces: lines() }, options);
}

async function tokenizerOf(
  text: TokenizerText,
  { vocabulary, specialTokens = ["<|endoftext|>"], minFrequency = 2 }: TokenizerSize,
): Promise<FileTokenizer> {
  const special = requireSpecial(specialTokens);
  const alphabet = characters.toSorted().filter((character) => !special.includes(character));
  const tokens = [...special, ...alphabet];
  requireInteger("vocabulary", vocabulary, { min: tokens.length, max: mostTokens });
  requireInteger("minFrequency", minFrequency, { min: 1 });
  const pretokenCounts = await countPretokens(text);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const encoder = new TextEncoder();
  const words = Array.from(
    pretokenCounts.keys(),
    (word) => Array.from(encoder.encode(word), (byte) => ids.get(characters[byte]!)!),
  );
  const counted = { words, counts: [...pretokenCounts.values()] };
  const merges = findMerges(counted, tokens, vocabulary, minFrequency);
  return tokenizerOfTable(tableOf(special, tokens, merges), `the tokenizer of ${text.name}`);
}
