// Text for language models, as tokens: a part to train on, and the end of the text to measure with.

import { requireInteger, requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions, shown } from "../core/options.ts";
import { lineEnds, openText, textKinds, type TextOptions } from "./text.ts";
import {
  type CharacterTokenizer,
  type EncodedText,
  TextEncoding,
  type Tokenizer,
} from "./tokenizer.ts";

/** A text as tokens, split into a part to train on and a part held out. Its tokens are characters, or those of any tokenizer. */
export interface Corpus<T extends Tokenizer = CharacterTokenizer> {
  /** Where the text is from, for the run record. */
  readonly name: string;
  /** Between text and token ids. */
  readonly tokenizer: T;
  /** The tokens to train on. */
  readonly train: Int32Array;
  /** The tokens held out: the end of the text. */
  readonly heldOut: Int32Array;
  /** UTF-8 bytes per held-out token, which turns nats per token into bits per byte. */
  readonly bytesPerToken: number;
}

/** Options of {@linkcode makeCorpus}. */
export interface CorpusOptions extends Pick<TextOptions, "keepLineEnds"> {
  /** Where the text is from, for the run record; `"text"`, or the file's path by default. */
  readonly name?: string;
  /** The share at the end of the text that is held out; 0.1 by default. */
  readonly heldOutShare?: number;
}

/** Options of {@linkcode readCorpus}. */
export interface ReadCorpusOptions extends CorpusOptions, TextOptions {}

const corpusKinds: OptionKinds<CorpusOptions> = {
  keepLineEnds: "boolean?",
  name: "string?",
  heldOutShare: "number?",
};

/** A character's bytes in UTF-8. */
function bytesOfPoint(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

function bytesPerToken({ characters }: CharacterTokenizer, tokens: Int32Array): number {
  const sizes = Int32Array.from(characters, (character) => bytesOfPoint(character.codePointAt(0)!));
  let bytes = 0;
  for (const token of tokens) bytes += sizes[token]!;
  return bytes / tokens.length;
}

/** Splits a text; both parts lie in the memory of the whole. */
function split({ tokenizer, tokens }: EncodedText, name: string, share: number): Corpus {
  const cut = Math.floor(tokens.length * (1 - share));
  const heldOut = tokens.subarray(cut);
  if (cut < 2 || heldOut.length < 2) {
    throw new RangeError(
      `Cannot split a text of ${tokens.length} characters with ${share} held out: each part needs at least 2`,
    );
  }
  return {
    name,
    tokenizer,
    train: tokens.subarray(0, cut),
    heldOut,
    bytesPerToken: bytesPerToken(tokenizer, heldOut),
  };
}

function shareOf({ heldOutShare = 0.1 }: CorpusOptions): number {
  return requireNumber("heldOutShare", heldOutShare, { above: 0, below: 1 });
}

/** A text without a byte order mark, each of CR LF and CR a LF unless line ends stay. */
function cleanText(text: string, { keepLineEnds }: CorpusOptions): string {
  if (typeof text !== "string") {
    throw new RangeError(`Cannot make a corpus of ${shown(text)}: it must be a text`);
  }
  const unmarked = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (unmarked.length === 0) {
    throw new RangeError("Cannot train on an empty text: give at least a few sentences");
  }
  return keepLineEnds === true ? unmarked : lineEnds()(unmarked);
}

/**
 * Makes a corpus of characters from a text.
 *
 * A byte order mark at its start is left out, and each of CR LF and CR becomes LF.
 *
 * @param text The text.
 * @param options Its name, the share that is held out, and whether line ends stay as they are.
 * @returns The corpus.
 * @throws {RangeError} If the text is empty, too large or too short to be split, it has half a surrogate pair, or the share is not between 0
 * and 1.
 */
export function makeCorpus(text: string, options: CorpusOptions = {}): Corpus {
  requireOptions("makeCorpus()", options, corpusKinds);
  const share = shareOf(options);
  const cleaned = cleanText(text, options);
  const encoding = new TextEncoding(cleaned.length);
  encoding.add(cleaned);
  return split(encoding.finish(), options.name ?? "text", share);
}

/** The place nearest to a share of a text at which no surrogate pair is cut. */
function placeOf(text: string, share: number): number {
  const at = Math.floor(text.length * share);
  return /[\udc00-\udfff]/.test(text[at] ?? "") ? at + 1 : at;
}

/** Encodes a part of a text; what has no token is told by its line. */
function encodePart(
  tokenizer: Tokenizer,
  part: string,
  { name, firstLine }: { readonly name: string; readonly firstLine: number },
): Int32Array {
  try {
    return tokenizer.encode(part);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    for (const [at, line] of part.split(/(?<=\n)/).entries()) {
      try {
        tokenizer.encode(line);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new RangeError(`Cannot use line ${firstLine + at} of ${name}: ${why}`, { cause });
      }
    }
    throw error;
  }
}

/**
 * Makes a corpus of the tokens of any tokenizer. The text is split first and each part encoded by itself, so that no token reaches
 * over the cut.
 *
 * @param text The text.
 * @param tokenizer The tokenizer.
 * @param options Its name, the share that is held out, and whether line ends stay as they are.
 * @returns The corpus.
 * @throws {RangeError} If the text is empty or too short to be split, a line has no tokens, or the share is not between 0 and 1.
 */
export function encodeCorpus<T extends Tokenizer>(
  text: string,
  tokenizer: T,
  options: CorpusOptions = {},
): Corpus<T> {
  requireOptions("encodeCorpus()", options, corpusKinds);
  const share = shareOf(options);
  const whole = cleanText(text, options);
  const cut = placeOf(whole, 1 - share);
  const { name = "text" } = options;
  const [seen, rest] = [whole.slice(0, cut), whole.slice(cut)];
  const train = encodePart(tokenizer, seen, { name, firstLine: 1 });
  const firstLine = seen.split("\n").length;
  const heldOut = encodePart(tokenizer, rest, { name, firstLine });
  if (train.length < 2 || heldOut.length < 2) {
    throw new RangeError(
      `Cannot split a text of ${
        train.length + heldOut.length
      } tokens with ${share} held out: each part needs at least 2`,
    );
  }
  const bytes = new TextEncoder().encode(rest).length;
  return { name, tokenizer, train, heldOut, bytesPerToken: bytes / heldOut.length };
}

/** The largest file that is read: its tokens take four times as much memory. */
const mostBytes = 2 ** 30;

/**
 * Makes a corpus of characters from a text file, or from the files `*.txt` of a folder, read in pieces: beside the tokens, four bytes each, nothing grows with
 * its size.
 *
 * @param path The file or folder.
 * @param options Its name and encoding, the share that is held out, and whether line ends stay as they are.
 * @returns The corpus.
 * @throws {RangeError} If the file cannot be read as text, is empty, too large or too short to be split, or the share is not between 0 and 1.
 */
export async function readCorpus(path: string, options: ReadCorpusOptions = {}): Promise<Corpus> {
  requireOptions("readCorpus()", options, { ...corpusKinds, ...textKinds });
  const share = shareOf(options);
  const { bytes, pieces } = await openText(path, options);
  if (bytes > mostBytes) {
    throw new RangeError(
      `Cannot train on the text ${path}: it has ${bytes} bytes, and at most ${mostBytes} are read`,
    );
  }
  const encoding = new TextEncoding(bytes);
  let characters = 0;
  for await (const piece of pieces) {
    encoding.add(piece);
    characters += piece.length;
  }
  if (characters === 0) {
    throw new RangeError(
      `Cannot train on the text ${path}: it is empty; give at least a few sentences`,
    );
  }
  return split(encoding.finish(), options.name ?? path, share);
}

/** What the parts of a corpus are called. */
const partNames = { train: "part to train on", heldOut: "held-out part" } as const;

/**
 * Requires that parts of a corpus have room for a row and the token after it.
 *
 * @param corpus The corpus.
 * @param length Tokens of a row.
 * @param parts The parts that rows are cut from.
 * @throws {RangeError} If it is no corpus, or one is too short; the message counts it and the whole text.
 */
export function requireRoom(
  corpus: Corpus<Tokenizer>,
  length: number,
  parts: readonly (keyof typeof partNames)[],
): void {
  const { name, train, heldOut } = corpus ?? {};
  if (!(train instanceof Int32Array && heldOut instanceof Int32Array)) {
    throw new RangeError(
      `Cannot cut rows from ${
        shown(corpus)
      }: it must be a corpus, as makeCorpus() and readCorpus() give`,
    );
  }
  requireInteger("length", length, { min: 1 });
  for (const part of parts) {
    const { length: room } = { train, heldOut }[part];
    if (room > length) continue;
    throw new RangeError(
      `Cannot cut rows of ${length} tokens from the ${
        partNames[part]
      } of ${name}: it has ${room} of the text's ` +
        `${train.length + heldOut.length} tokens, and a row needs ${length + 1}`,
    );
  }
}
