// Text for language models: a tokenizer, the split into training and held-out tokens, and batches drawn from them.

import { requireInteger, requireNumber } from "../core/check.ts";
import type { Random } from "../core/random.ts";

/** Text to token ids and back. */
export interface Tokenizer {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** Token ids of a text. */
  encode(text: string): Int32Array;
  /** The text of token ids. */
  decode(tokens: Iterable<number>): string;
}

/**
 * A tokenizer whose tokens are the characters of a text, in the order of their code points.
 *
 * @param alphabet A text that holds every character; a vocabulary string serves as well.
 * @returns The tokenizer.
 * @throws {RangeError} If the text is empty.
 */
export function characterTokenizer(alphabet: string): Tokenizer & { readonly characters: string } {
  const characters = [...new Set(alphabet)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  if (characters.length === 0) {
    throw new RangeError("Cannot make a vocabulary of an empty text: give at least one character");
  }
  const ids = new Map(characters.map((character, id) => [character, id]));
  const idOf = (character: string): number => {
    const id = ids.get(character);
    if (id === undefined) {
      throw new RangeError(
        `Cannot encode the character ${
          JSON.stringify(character)
        }: the vocabulary holds ${characters.length} others`,
      );
    }
    return id;
  };
  const characterOf = (id: number): string => {
    const character = characters[id];
    if (character === undefined) {
      throw new RangeError(
        `Cannot decode token ${id}: tokens go from 0 to ${characters.length - 1}`,
      );
    }
    return character;
  };
  return {
    vocabulary: characters.length,
    characters: characters.join(""),
    encode: (text) => Int32Array.from([...text], idOf),
    decode: (tokens) => Array.from(tokens, characterOf).join(""),
  };
}

/** A text as tokens, split into a part to train on and a part held out. */
export interface Corpus {
  /** Where the text is from, for the run record. */
  readonly name: string;
  /** The tokenizer. */
  readonly tokenizer: Tokenizer & { readonly characters: string };
  /** The tokens to train on. */
  readonly train: Int32Array;
  /** The tokens held out: the end of the text. */
  readonly heldOut: Int32Array;
  /** UTF-8 bytes per held-out token, which turns nats per token into bits per byte. */
  readonly bytesPerToken: number;
}

/**
 * Makes a corpus of characters from a text.
 *
 * @param text The text.
 * @param options Its name, and the share at its end that is held out (0.1 by default).
 * @returns The corpus.
 * @throws {RangeError} If the text is empty or too short to be split, or the share is not between 0 and 1.
 */
export function makeCorpus(
  text: string,
  options: { readonly name?: string; readonly heldOutShare?: number } = {},
): Corpus {
  if (text.length === 0) {
    throw new RangeError("Cannot train on an empty text: give at least a few sentences");
  }
  const share = requireNumber("heldOutShare", options.heldOutShare ?? 0.1, { above: 0, below: 1 });
  const tokenizer = characterTokenizer(text);
  const tokens = tokenizer.encode(text);
  const cut = Math.floor(tokens.length * (1 - share));
  const heldOut = tokens.slice(cut);
  if (cut < 2 || heldOut.length < 2) {
    throw new RangeError(
      `Cannot split a text of ${tokens.length} characters with ${share} held out: each part needs at least 2`,
    );
  }
  const bytes = new TextEncoder().encode(tokenizer.decode(heldOut)).length;
  return {
    name: options.name ?? "text",
    tokenizer,
    train: tokens.slice(0, cut),
    heldOut,
    bytesPerToken: bytes / heldOut.length,
  };
}

/** Inputs and the tokens that follow them. */
export interface Batch {
  /** B rows of T tokens. */
  readonly inputs: readonly Int32Array[];
  /** The B·T tokens one place later, row by row. */
  readonly targets: Int32Array;
}

function windowsAt(tokens: Int32Array, starts: readonly number[], length: number): Batch {
  return {
    inputs: starts.map((start) => tokens.subarray(start, start + length)),
    targets: Int32Array.from(
      starts.flatMap((start) => [...tokens.subarray(start + 1, start + 1 + length)]),
    ),
  };
}

function requireLength(tokens: Int32Array, length: number): void {
  requireInteger("length", length, { min: 1 });
  if (tokens.length <= length) {
    throw new RangeError(
      `Cannot cut rows of ${length} tokens from a text of ${tokens.length}: it needs ${length + 1}`,
    );
  }
}

/**
 * A batch of random rows.
 *
 * @param tokens The text.
 * @param size Rows B and tokens T of each.
 * @param random Where the rows' starts are drawn from.
 * @returns The batch.
 * @throws {RangeError} If the text is shorter than T + 1 tokens.
 */
export function randomBatch(
  tokens: Int32Array,
  size: { readonly rows: number; readonly length: number },
  random: Random,
): Batch {
  requireLength(tokens, size.length);
  const starts = Array.from(
    { length: size.rows },
    () => random.integer(tokens.length - size.length),
  );
  return windowsAt(tokens, starts, size.length);
}

/**
 * Batches that cover a text evenly: the same rows in every call.
 *
 * @param tokens The text.
 * @param size Rows B of a batch, tokens T of each row, and the number of batches.
 * @returns The batches.
 * @throws {RangeError} If the text is shorter than T + 1 tokens.
 */
export function evenBatches(
  tokens: Int32Array,
  size: { readonly rows: number; readonly length: number; readonly batches: number },
): Batch[] {
  requireLength(tokens, size.length);
  const count = size.rows * size.batches;
  const room = tokens.length - size.length;
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * room) / count));
  return Array.from(
    { length: size.batches },
    (_, b) => windowsAt(tokens, starts.slice(b * size.rows, (b + 1) * size.rows), size.length),
  );
}
