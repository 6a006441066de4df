// Word and character error rate of transcripts, as jiwer computes them by default.

import { editDistance } from "../core/edit_distance.ts";
import { requireReferences, singleSpaced, strip } from "./ngrams.ts";

function errorRate(
  hypotheses: readonly string[],
  references: readonly string[],
  tokensOf: (text: string) => string[],
): number {
  requireReferences(hypotheses, [references]);
  let [errors, length] = [0, 0];
  for (const [at, hypothesis] of hypotheses.entries()) {
    const reference = tokensOf(references[at]!);
    errors += editDistance(tokensOf(hypothesis), reference);
    length += reference.length;
  }
  return length === 0 ? errors : errors / length;
}

/**
 * The word error rate of transcripts; words are what stands between spaces.
 *
 * ```
 * WER = (substitutions + deletions + insertions) / words of the references
 * ```
 *
 * @param hypotheses What a model heard.
 * @param references What was said.
 * @returns The rate, 0 where all is right; it may exceed 1. Where the references have no word, the number of insertions.
 * @throws {RangeError} If there is no hypothesis, or their numbers differ.
 */
export function wordErrorRate(
  hypotheses: readonly string[],
  references: readonly string[],
): number {
  return errorRate(
    hypotheses,
    references,
    (text) => strip(singleSpaced(text)).split(" ").filter((word) => word !== ""),
  );
}

/**
 * The character error rate of transcripts; white space counts, except at the ends.
 *
 * ```
 * CER = (substitutions + deletions + insertions) / characters of the references
 * ```
 *
 * @param hypotheses What a model heard.
 * @param references What was said.
 * @returns The rate, 0 where all is right; it may exceed 1. Where the references have no character, the number of insertions.
 * @throws {RangeError} If there is no hypothesis, or their numbers differ.
 */
export function characterErrorRate(
  hypotheses: readonly string[],
  references: readonly string[],
): number {
  return errorRate(hypotheses, references, (text) => [...strip(text)]);
}
