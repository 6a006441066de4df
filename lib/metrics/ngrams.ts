// N-grams of sentences, counted, and what every comparison of sentences requires of its arguments.

import { shown } from "../core/options.ts";

/** White space as Python's `str.split()` has it; JavaScript's `\s` lacks some of it, and has U+FEFF besides. */
// deno-lint-ignore no-control-regex -- Python takes these for white space
const whiteSpace = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

/** White space at the start and at the end of a text. */
const outerSpace = new RegExp(`^${whiteSpace.source}|${whiteSpace.source}$`, "gu");

/** Two or more white spaces in a row. */
const innerSpace = new RegExp(whiteSpace.source.replace(/\+$/, "{2,}"), "gu");

/**
 * A text without white space at its ends, as Python's `str.strip()` leaves it.
 *
 * @param text The text.
 * @returns The rest.
 */
export const strip = (text: string): string => text.replaceAll(outerSpace, "");

/**
 * A text with each run of white spaces as one space; a single one stays what it is.
 *
 * @param text The text.
 * @returns The text.
 */
export const singleSpaced = (text: string): string => text.replaceAll(innerSpace, " ");

/**
 * The words of a text, as Python's `str.split()` cuts them.
 *
 * @param text The text.
 * @returns Its words, none of them empty.
 */
export const wordsOf = (text: string): string[] =>
  text.split(whiteSpace).filter((word) => word !== "");

/** How often each n-gram occurs. */
export type Counts = ReadonlyMap<string, number>;

/**
 * Counts n-grams.
 *
 * @param tokens Words or characters.
 * @param order How many make an n-gram.
 * @param between What stands between two of them in an n-gram's name.
 * @returns The counts.
 */
export function countNgrams(tokens: readonly string[], order: number, between: string): Counts {
  const counts = new Map<string, number>();
  for (let at = 0; at + order <= tokens.length; at++) {
    const ngram = tokens.slice(at, at + order).join(between);
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/**
 * How many n-grams there are, repeated ones each time.
 *
 * @param counts The counts.
 * @returns Their sum.
 */
export const total = (counts: Counts): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0);

/**
 * How many n-grams two texts have in common.
 *
 * @param one Counts of the one.
 * @param other Counts of the other.
 * @returns The sum of the smaller counts.
 */
export const matches = (one: Counts, other: Counts): number =>
  [...one].reduce((sum, [ngram, count]) => sum + Math.min(count, other.get(ngram) ?? 0), 0);

/**
 * Adds lists of numbers.
 *
 * @param rows Lists of the same length, at least one.
 * @returns The sum at each place.
 */
export function addRows(rows: Iterable<readonly number[]>): number[] {
  return [...rows].reduce<number[]>(
    (sums, row) => row.map((value, at) => value + (sums[at] ?? 0)),
    [],
  );
}

function requireTexts(name: string, texts: unknown): void {
  const faults = Array.isArray(texts) ? texts.filter((text) => typeof text !== "string") : [texts];
  if (faults.length === 0) return;
  throw new RangeError(`Cannot use ${shown(faults[0])} in ${name}: it must be a list of texts`);
}

/**
 * Requires hypotheses, and for each of them a reference.
 *
 * @param hypotheses What a model wrote.
 * @param references One or more lists of what it should have written.
 * @throws {RangeError} If there is no hypothesis, no list of references, one of another length, or something that is no text.
 */
export function requireReferences(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
): void {
  requireTexts("hypotheses", hypotheses);
  if (hypotheses.length === 0) {
    throw new RangeError("Cannot score 0 hypotheses: there must be at least one");
  }
  if (!Array.isArray(references) || references.length === 0) {
    throw new RangeError(
      `Cannot use references = ${
        shown(references)
      }: it must have at least one list of references, such as [references]`,
    );
  }
  for (const list of references) {
    requireTexts("references", list);
    if (list.length === hypotheses.length) continue;
    throw new RangeError(
      `Cannot score ${hypotheses.length} hypotheses against ${list.length} references: each needs one`,
    );
  }
}
