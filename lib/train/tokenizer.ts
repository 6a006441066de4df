// Characters as tokens. Texts may have tens of millions of them, so they are counted and looked up in typed arrays, code point by
// code point, and no list of strings is made of them.

/** Text to token ids and back. */
export interface Tokenizer {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** Token ids of a text. */
  encode(text: string): Int32Array;
  /** The text of token ids. */
  decode(tokens: Iterable<number>): string;
}

/** A tokenizer whose tokens are characters, in the order of their code points. */
export interface CharacterTokenizer extends Tokenizer {
  /** Every character once, in the order of the tokens. */
  readonly characters: string;
}

/** As many code points as Unicode has. */
const codePoints = 0x110000;

/** Calls a function with each code point of a text; half a surrogate pair is one by itself. */
function forEachCodePoint(text: string, visit: (point: number) => void): void {
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at)!;
    if (point > 0xffff) at++;
    visit(point);
  }
}

/** Refuses halves of surrogate pairs: no file could hold such a text. */
function requireUnicode(text: string): void {
  if (text.isWellFormed()) return;
  const at = /\p{Surrogate}/u.exec(text)!.index;
  const unit = text.charCodeAt(at).toString(16).toUpperCase();
  throw new RangeError(
    `Cannot use a text with half a surrogate pair (U+${unit} at place ${at}): it is no character`,
  );
}

/** The characters of a text in the order of their code points, and the text as tokens. */
export interface EncodedText {
  /** Between these characters and their ids. */
  readonly tokenizer: CharacterTokenizer;
  /** The tokens of the text. */
  readonly tokens: Int32Array;
}

/** Makes tokens of a text that comes in pieces. Characters are numbered as they come, and in the end by their code points. */
export class TextEncoding {
  /** The number of a code point, from 1 on; 0 where it has not come yet. */
  readonly #numbers = new Int32Array(codePoints);
  readonly #points: number[] = [];
  #tokens: Int32Array;
  #count = 0;

  /** @param size About how many characters are to come. */
  constructor(size: number) {
    this.#tokens = new Int32Array(size);
  }

  /**
   * Takes the next piece of the text.
   *
   * @param piece The piece; it ends with a whole character.
   * @throws {RangeError} If it has half a surrogate pair.
   */
  add(piece: string): void {
    requireUnicode(piece);
    this.#reserve(this.#count + piece.length);
    const [numbers, points, tokens] = [this.#numbers, this.#points, this.#tokens];
    let count = this.#count;
    forEachCodePoint(piece, (point) => {
      if (numbers[point] === 0) numbers[point] = points.push(point);
      tokens[count++] = numbers[point]! - 1;
    });
    this.#count = count;
  }

  /**
   * Ends the text.
   *
   * @returns Its tokenizer and its tokens.
   * @throws {RangeError} If there was no character.
   */
  finish(): EncodedText {
    const sorted = this.#points.toSorted((a, b) => a - b);
    const places = new Map(sorted.map((point, place) => [point, place]));
    const renumbered = Int32Array.from(this.#points, (point) => places.get(point)!);
    const tokens = this.#tokens.subarray(0, this.#count);
    for (let at = 0; at < tokens.length; at++) tokens[at] = renumbered[tokens[at]!]!;
    return { tokenizer: tokenizerOf(sorted), tokens };
  }

  #reserve(count: number): void {
    if (count <= this.#tokens.length) return;
    const larger = new Int32Array(Math.max(count, 2 * this.#tokens.length));
    larger.set(this.#tokens.subarray(0, this.#count));
    this.#tokens = larger;
  }
}

/** A tokenizer of code points in their order. */
function tokenizerOf(points: readonly number[]): CharacterTokenizer {
  const largest = points.at(-1);
  if (largest === undefined) {
    throw new RangeError("Cannot make a vocabulary of an empty text: give at least one character");
  }
  const ids = new Int32Array(largest + 1).fill(-1);
  points.forEach((point, id) => ids[point] = id);
  const idOf = (point: number): number => {
    const id = ids[point] ?? -1;
    if (id >= 0) return id;
    throw new RangeError(
      `Cannot encode the character ${
        JSON.stringify(String.fromCodePoint(point))
      }: the vocabulary holds ${points.length} others`,
    );
  };
  const pointOf = (id: number): number => {
    const point = points[id];
    if (point !== undefined) return point;
    throw new RangeError(`Cannot decode token ${id}: tokens go from 0 to ${points.length - 1}`);
  };
  return {
    vocabulary: points.length,
    characters: textOf(points, (point) => point),
    encode: (text) => {
      const tokens = new Int32Array(text.length);
      let count = 0;
      forEachCodePoint(text, (point) => void (tokens[count++] = idOf(point)));
      return tokens.subarray(0, count);
    },
    decode: (tokens) => textOf(tokens, pointOf),
  };
}

/** The text of tokens, some thousand characters at a time: a call does not take many more arguments. */
function textOf(tokens: Iterable<number>, pointOf: (token: number) => number): string {
  const parts: string[] = [];
  let points: number[] = [];
  for (const token of tokens) {
    points.push(pointOf(token));
    if (points.length < 4096) continue;
    parts.push(String.fromCodePoint(...points));
    points = [];
  }
  return parts.join("") + String.fromCodePoint(...points);
}

/**
 * A tokenizer whose tokens are the characters of a text, in the order of their code points.
 *
 * @param alphabet A text that holds every character; a vocabulary string serves as well.
 * @returns The tokenizer.
 * @throws {RangeError} If the text is empty, or has half a surrogate pair.
 */
export function characterTokenizer(alphabet: string): CharacterTokenizer {
  const encoding = new TextEncoding(alphabet.length);
  encoding.add(alphabet);
  return encoding.finish().tokenizer;
}
