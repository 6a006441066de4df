// What reads the final norm of a stack.

import type { Arithmetic } from "./arithmetic.ts";
import type { Head, Stack } from "../families/description.ts";
import { countPatches } from "./image.ts";
import { type ModelInputs, requireInput } from "./inputs.ts";
import { apply, inScope, type Place } from "./place.ts";

/** What decides which rows a head reads. */
export interface Reading {
  /** The stack that it reads. */
  readonly stack: Stack;
  /** What the model read. */
  readonly inputs: ModelInputs;
}

/** The place of the end-of-text token. */
function endOf({ inputs }: Reading, { endToken }: Head): number {
  const tokens = requireInput(inputs, "tokens");
  const end = endToken ?? tokens.reduce((most, token) => Math.max(most, token), 0);
  const at = tokens.indexOf(end);
  if (at < 0) throw new RangeError(`Cannot read the end of the text: it has no token ${end}`);
  return at;
}

/** The first row beside the mean of the patches' rows, which are the last: [1, 2D]. */
function firstAndMean<T>(arithmetic: Arithmetic<T>, x: T, { stack, inputs }: Reading): T {
  const { entry } = stack;
  if (entry.kind !== "patches") {
    throw new RangeError(
      `Cannot read the mean of patches of a stack that starts with ${entry.kind}`,
    );
  }
  const count = countPatches(entry, requireInput(inputs, "pixels"));
  const [rows] = arithmetic.size(x);
  const shares = arithmetic.matrix(new Float64Array(count).fill(1 / count), 1, count);
  const mean = arithmetic.product(shares, arithmetic.rows(x, rows - count, count), "in-out");
  return arithmetic.joinColumns([arithmetic.rows(x, 0, 1), mean]);
}

const readers: Readonly<
  Record<Head["reads"], <T>(arithmetic: Arithmetic<T>, x: T, reading: Reading, head: Head) => T>
> = {
  "all": (_, x) => x,
  "first": (arithmetic, x) => arithmetic.rows(x, 0, 1),
  "second": (arithmetic, x) => arithmetic.rows(x, 1, 1),
  "end": (arithmetic, x, reading, head) => arithmetic.rows(x, endOf(reading, head), 1),
  "first-and-mean": firstAndMean,
};

/**
 * What a head makes of the final norm that it reads.
 *
 * Shapes: x [T, D] · returns [rows read, outputs]
 *
 * @param place Where it runs.
 * @param head The head.
 * @param x The final norm of its stack.
 * @param reading What decides which rows it reads.
 * @returns Logits, or a projection.
 * @throws {RangeError} If the rows that it reads are not there, or the matrix does not fit.
 */
export function runHead<T>(place: Place<T>, head: Head, x: T, reading: Reading): Promise<T> {
  return inScope(place, async (inner) => {
    const read = readers[head.reads](inner.arithmetic, x, reading, head);
    // the matrix is E (I + 11ᵀ): E (n + (Σn) 1)
    const summed = head.plusSum === true ? inner.arithmetic.addSum(read, 1) : read;
    return await apply(inner, head.linear, summed);
  });
}
