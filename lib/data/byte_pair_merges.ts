// Byte-pair encoding (Sennrich et al. 2016): the most frequent pair of neighbors becomes a token, again and again. What is counted, and
// which of two pairs of the same count comes first, follows the trainer of Hugging Face's tokenizers, so that the merges are the same.

import TinyQueue from "tinyqueue";

/** Two tokens as one number, in whose order pairs of the same count are merged. */
const pairOf = (first: number, second: number): number => first * 2 ** 21 + second;

/** The most tokens that a pair can be a number of. */
export const mostTokens: number = 2 ** 21;

/** A pair that may be merged: its count when it came, and the words that had it. */
interface Candidate {
  count: number;
  readonly pair: number;
  readonly places: ReadonlySet<number>;
}

/** The words of a text as tokens, and how often each occurs. */
export interface CountedWords {
  /** Token ids, word by word; they are changed. */
  readonly words: readonly number[][];
  /** How often each word occurs. */
  readonly counts: readonly number[];
}

/** Is told that a word has a pair more often, or less often. */
type Count = (first: number, second: number, change: 1 | -1) => void;

/** Replaces a pair in a word by a token. */
function mergeIn(
  word: number[],
  [first, second]: readonly [number, number],
  by: number,
  count: Count,
): void {
  for (let at = 0; at + 1 < word.length; at++) {
    if (word[at] !== first || word[at + 1] !== second) continue;
    if (at > 0) {
      count(word[at - 1]!, first, -1);
      count(word[at - 1]!, by, 1);
    }
    word.splice(at, 2, by);
    if (at + 1 < word.length) {
      count(second, word[at + 1]!, -1);
      count(by, word[at + 1]!, 1);
    }
  }
}

/**
 * Finds the merges of a text.
 *
 * @param text Its words, whose tokens are merged in place.
 * @param tokens The text of each token, in the order of the ids; those that come are added.
 * @param size How many tokens there are to be, at most.
 * @param least How often a pair must occur.
 * @returns The pairs of token ids, in the order in which they are merged.
 */
export function findMerges(
  { words, counts }: CountedWords,
  tokens: string[],
  size: number,
  least: number,
): (readonly [first: number, second: number])[] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const pairCounts = new Map<number, number>();
  const queue = new TinyQueue<Candidate>([], (a, b) => b.count - a.count || a.pair - b.pair);
  let places = new Map<number, Set<number>>();

  const countIn = (word: number): Count => (first, second, change) => {
    const pair = pairOf(first, second);
    pairCounts.set(pair, (pairCounts.get(pair) ?? 0) + change * counts[word]!);
    if (change < 0) return;
    if (!places.has(pair)) places.set(pair, new Set());
    places.get(pair)!.add(word);
  };
  /** Queues the pairs that have come since the last call. */
  const queueNew = (): void => {
    for (const [pair, found] of places) {
      const count = pairCounts.get(pair)!;
      if (count > 0) queue.push({ count, pair, places: found });
    }
    places = new Map();
  };

  for (const [at, word] of words.entries()) {
    const count = countIn(at);
    for (let next = 1; next < word.length; next++) count(word[next - 1]!, word[next]!, 1);
  }
  queueNew();

  const merges = new Map<number, readonly [number, number]>();
  while (tokens.length < size) {
    const top = queue.pop();
    if (top === undefined) break;
    const count = pairCounts.get(top.pair)!;
    if (top.count !== count) { // it was counted before other pairs took some of it away
      queue.push({ ...top, count });
      continue;
    }
    if (count < Math.max(1, least)) break;
    const pair = [Math.floor(top.pair / 2 ** 21), top.pair % 2 ** 21] as const;
    const token = tokens[pair[0]]! + tokens[pair[1]]!;
    const id = ids.get(token) ?? tokens.push(token) - 1;
    ids.set(token, id);
    merges.delete(top.pair); // the last place counts, of a pair that comes again
    merges.set(top.pair, pair);
    for (const place of top.places) mergeIn(words[place]!, pair, id, countIn(place));
    queueNew();
  }
  return [...merges.values()];
}
