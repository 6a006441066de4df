// BLEU (Papineni et al. 2002) of a corpus, with sacrebleu's defaults: tokens 13a, 4-grams, exponential smoothing.

import { addRows, countNgrams, type Counts, matches, requireReferences, total } from "./ngrams.ts";
import { tokenize13a } from "./tokenize_13a.ts";

/** The BLEU of a corpus. */
export interface Bleu {
  /** The score, from 0 to 100. */
  readonly score: number;
  /** The precisions of 1-grams to 4-grams in percent; where none matched, smoothed. */
  readonly precisions: readonly number[];
  /** The factor for hypotheses that are shorter than their references. */
  readonly brevityPenalty: number;
  /** Tokens of all hypotheses. */
  readonly hypothesisLength: number;
  /** Tokens of the references that are nearest in length. */
  readonly referenceLength: number;
}

const orders = [1, 2, 3, 4];

/** What each n-gram may count at most: how often the reference has it that has it most. */
function most(references: readonly Counts[]): Counts {
  const counts = new Map<string, number>();
  for (const [ngram, count] of references.flatMap((reference) => [...reference])) {
    counts.set(ngram, Math.max(count, counts.get(ngram) ?? 0));
  }
  return counts;
}

/** The length nearest to that of the hypothesis, of two the smaller. */
const nearestLength = (length: number, lengths: readonly number[]): number =>
  lengths.toSorted((a, b) => Math.abs(a - length) - Math.abs(b - length) || a - b)[0]!;

/** Lengths of a hypothesis and its reference, then how many n-grams of each order matched, and how many there are. */
function statistics(hypothesis: string, references: readonly string[]): number[] {
  const tokens = tokenize13a(hypothesis);
  const others = references.map(tokenize13a);
  const own = orders.map((order) => countNgrams(tokens, order, " "));
  const allowed = orders.map((order) =>
    most(others.map((reference) => countNgrams(reference, order, " ")))
  );
  return [
    tokens.length,
    nearestLength(tokens.length, others.map(({ length }) => length)),
    ...own.map((counts, at) => matches(counts, allowed[at]!)),
    ...own.map(total),
  ];
}

/** The precisions in percent. Each order without a match counts half as much as the one before that has none. */
function smoothed(correct: readonly number[], totals: readonly number[]): number[] {
  let part = 1;
  return correct.map((count, at) => {
    if (totals[at] === 0) return 0;
    if (count === 0) part /= 2;
    return 100 * (count === 0 ? part : count) / totals[at]!;
  });
}

/** The geometric mean; 0 as soon as one of the numbers is. */
const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/**
 * The BLEU of a corpus, as sacrebleu's `corpus_bleu` computes it by default.
 *
 * ```
 * BLEU = BP · (p₁ p₂ p₃ p₄)^¼,   BP = min(1, exp(1 − references / hypotheses))
 * ```
 *
 * @param hypotheses What a model wrote, sentence by sentence.
 * @param references One or more lists of references, each with one for every hypothesis.
 * @returns The score with its parts.
 * @throws {RangeError} If there is no hypothesis, or a list of references has another length.
 */
export function corpusBleu(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
): Bleu {
  requireReferences(hypotheses, references);
  const [hypothesisLength, referenceLength, ...counts] = addRows(
    hypotheses.map((hypothesis, at) => statistics(hypothesis, references.map((list) => list[at]!))),
  ) as [number, number, ...number[]];
  const [correct, totals] = [counts.slice(0, orders.length), counts.slice(orders.length)];
  const isShort = hypothesisLength < referenceLength;
  const brevityPenalty = isShort ? Math.exp(1 - referenceLength / hypothesisLength) : 1;
  const precisions = correct.every((count) => count === 0)
    ? correct.map(() => 0)
    : smoothed(correct, totals);
  const score = brevityPenalty * geometricMean(precisions);
  return { score, precisions, brevityPenalty, hypothesisLength, referenceLength };
}
