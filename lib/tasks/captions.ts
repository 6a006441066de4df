// Captions as tokens: their words, which are those of the captions that are trained on.

import { excerpt } from "../core/excerpt.ts";
import type { CaptionDataset } from "../data/digit_grids.ts";
import type { Split } from "../data/dataset.ts";
import type { Baseline } from "./task.ts";

/** The ids of the tokens that are no words. */
export const special = { padding: 0, mask: 1 } as const;

/** Words and their ids. */
export interface Words {
  /** How many tokens there are, the special ones among them. */
  readonly vocabulary: number;
  /** The most words of a caption. */
  readonly longest: number;
  /** The ids of a caption's words. */
  encode(caption: string): number[];
}

const wordsIn = (caption: string): string[] => caption.split(/\s+/u).filter((word) => word !== "");

/**
 * The words of captions.
 *
 * @param captions The captions to train on, which have them all, and those held out.
 * @returns The words.
 * @throws {RangeError} If a caption is empty, or a word is held out and stands in no caption to train on.
 */
export function wordsOf({ train, heldOut }: Split<CaptionDataset>): Words {
  const seen = new Set(train.examples.flatMap(({ caption }) => wordsIn(caption)));
  const ids = new Map([...seen].sort().map((word, at) => [word, at + 2]));
  const encode = (caption: string): number[] => {
    const words = wordsIn(caption);
    if (words.length === 0) throw new RangeError("Cannot use an empty caption: it must have words");
    return words.map((word) => {
      const id = ids.get(word);
      if (id !== undefined) return id;
      throw new RangeError(
        `Cannot use the caption ${excerpt(caption)}: no caption to train on has the word ${
          excerpt(word)
        }`,
      );
    });
  };
  const lengths = [...train.examples, ...heldOut.examples].map(({ caption }) =>
    encode(caption).length
  );
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  return { vocabulary: ids.size + 2, longest, encode };
}

/**
 * What captions alone predict where all words are hidden: those that stand at a place of captions of a length, and how often. No text tells
 * more.
 *
 * @param train Captions to count.
 * @param heldOut Captions to guess.
 * @param words Their words.
 * @returns Cross entropy, and how often the most frequent word is right.
 */
export function wordsByPlace(
  train: readonly string[],
  heldOut: readonly string[],
  { vocabulary, encode }: Words,
): Baseline {
  const tables = new Map<string, Float64Array>();
  const countsAt = (length: number, place: number): Float64Array => {
    const key = `${length} ${place}`;
    const counts = tables.get(key) ?? new Float64Array(vocabulary).fill(1, 2); // no word is impossible
    tables.set(key, counts);
    return counts;
  };
  for (const tokens of train.map(encode)) {
    for (const [place, token] of tokens.entries()) countsAt(tokens.length, place)[token]! += 1;
  }
  let [count, right, nats] = [0, 0, 0];
  for (const tokens of heldOut.map(encode)) {
    for (const [place, token] of tokens.entries()) {
      const counts = countsAt(tokens.length, place);
      const total = counts.reduce((sum, one) => sum + one);
      const most = counts.reduce((best, one, at) => one > counts[best]! ? at : best, 0);
      count += 1;
      right += Number(most === token);
      nats -= Math.log(counts[token]! / total);
    }
  }
  return {
    name: "the words at each place of captions of each length",
    measured: { nats: nats / count, accuracy: right / count },
  };
}
