// chrF (Popović 2015) of a corpus, with sacrebleu's defaults: chrF2 of characters without white space, up to 6-grams.

import {
  addRows,
  countNgrams,
  type Counts,
  matches,
  requireReferences,
  total,
  wordsOf,
} from "./ngrams.ts";

const orders = [1, 2, 3, 4, 5, 6];

/** β²: recall weighs four times as much as precision. */
const weight = 4;

function ngramsOf(text: string): Counts[] {
  const characters = [...wordsOf(text).join("")];
  return orders.map((order) => countNgrams(characters, order, ""));
}

/** Of each order: n-grams of the hypothesis, of the reference, and those in common. */
function statistics(hypothesis: readonly Counts[], reference: readonly Counts[]): number[] {
  return hypothesis.flatMap((counts, at) => {
    const other = reference[at]!;
    return [other.size > 0 ? total(counts) : 0, total(other), matches(counts, other)];
  });
}

/** The mean over orders that both texts have. */
function score(counts: readonly number[]): number {
  const rows = orders.map((_, at) => counts.slice(3 * at, 3 * at + 3) as [number, number, number])
    .filter(([own, other]) => own > 0 && other > 0);
  const mean = (of: (row: [number, number, number]) => number): number =>
    rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const precision = mean(([own, , common]) => common / own);
  const recall = mean(([, other, common]) => common / other);
  const f = (1 + weight) * precision * recall / (weight * precision + recall);
  return Number.isNaN(f) ? 0 : 100 * f;
}

/** The statistics against the reference that gives the best score. */
function best(hypothesis: string, references: readonly string[]): number[] {
  const own = ngramsOf(hypothesis);
  return references.map((reference) => statistics(own, ngramsOf(reference)))
    .reduce((one, other) => score(other) > score(one) ? other : one);
}

/**
 * The chrF2 of a corpus, as sacrebleu's `corpus_chrf` computes it by default.
 *
 * ```
 * chrF = 5 P R / (4 P + R),   P and R the mean precision and recall of 1-grams to 6-grams of characters
 * ```
 *
 * @param hypotheses What a model wrote, sentence by sentence.
 * @param references One or more lists of references, each with one for every hypothesis.
 * @returns The score, from 0 to 100.
 * @throws {RangeError} If there is no hypothesis, or a list of references has another length.
 */
export function corpusChrf(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
): number {
  requireReferences(hypotheses, references);
  return score(addRows(
    hypotheses.map((hypothesis, at) => best(hypothesis, references.map((list) => list[at]!))),
  ));
}
