// The rows of the final norm that a head reads.

import type { Arithmetic } from "./arithmetic.ts";
import type { Picked } from "../model/interpreter.ts";
import type { Stack } from "../model/spec.ts";
import { countPatches } from "./image.ts";
import { type ModelInputs, requireInput } from "./inputs.ts";

/** What decides which rows a head reads. */
export interface Reading {
  /** The stack that it reads. */
  readonly stack: Stack;
  /** What the model read. */
  readonly inputs: ModelInputs;
}

/**
 * The place of the end-of-text token.
 *
 * @param tokens The tokens.
 * @param head The head; where it names no such token, that is the largest.
 * @returns Its first place.
 * @throws {RangeError} If it is not there.
 */
export function endOf(tokens: readonly number[], { endToken }: Picked): number {
  const end = endToken ?? tokens.reduce((most, token) => Math.max(most, token), 0);
  const at = tokens.indexOf(end);
  if (at < 0) throw new RangeError(`Cannot read the end of the text: it has no token ${end}`);
  return at;
}

/**
 * The place of the last end-of-text token of what an encoder reads.
 *
 * @param source The tokens.
 * @param rows How many rows there are to read.
 * @param head The head.
 * @returns The place.
 * @throws {RangeError} If it has no such token, or the decoder reads fewer tokens.
 */
export function sourceEndOf(source: readonly number[], rows: number, { endToken }: Picked): number {
  const at = source.lastIndexOf(endToken!);
  if (at >= 0 && at < rows) return at;
  throw new RangeError(
    at < 0
      ? `Cannot read where the source ends: it has no token ${endToken}`
      : `Cannot read the row ${at} where the source ends: the decoder has ${rows}; its tokens are those of the source, moved by one`,
  );
}

/** The place of the last token that is not padding; 0 where all are. */
export function lastOf(tokens: readonly number[], { padToken }: Picked): number {
  return Math.max(0, tokens.findLastIndex((token) => token !== padToken));
}

/** The mean of the last rows: [1, D]. */
function meanOf<T>(arithmetic: Arithmetic<T>, x: T, count = arithmetic.size(x)[0]): T {
  const shares = arithmetic.matrix(new Float64Array(count).fill(1 / count), 1, count);
  const last = arithmetic.rows(x, arithmetic.size(x)[0] - count, count);
  return arithmetic.product(shares, last, "in-out");
}

/** The mean of the patches' rows, which are the last. */
function patchMean<T>(arithmetic: Arithmetic<T>, x: T, { stack, inputs }: Reading): T {
  const { entry } = stack;
  if (entry.kind !== "patches") {
    throw new RangeError(
      `Cannot read the mean of patches of a stack that starts with ${entry.kind}`,
    );
  }
  return meanOf(arithmetic, x, countPatches(entry, requireInput(inputs, entry.input ?? "pixels")));
}

/** The last row, or that of the last token beside padding. */
function last<T>(arithmetic: Arithmetic<T>, x: T, { inputs }: Reading, head: Picked): T {
  const at = head.padToken === undefined
    ? arithmetic.size(x)[0] - 1
    : lastOf(requireInput(inputs, "tokens"), head);
  return arithmetic.rows(x, at, 1);
}

const readers: Readonly<
  Record<Picked["reads"], <T>(arithmetic: Arithmetic<T>, x: T, reading: Reading, head: Picked) => T>
> = {
  "all": (arithmetic, x) => arithmetic.scale(x, 1), // a matrix of its own, which may be freed
  "first": (arithmetic, x) => arithmetic.rows(x, 0, 1),
  "second": (arithmetic, x) => arithmetic.rows(x, 1, 1),
  last,
  "end": (arithmetic, x, { inputs }, head) =>
    arithmetic.rows(x, endOf(requireInput(inputs, "tokens"), head), 1),
  "source-end": (arithmetic, x, { inputs }, head) => {
    const at = sourceEndOf(requireInput(inputs, "source"), arithmetic.size(x)[0], head);
    return arithmetic.rows(x, at, 1);
  },
  "mean": (arithmetic, x) => meanOf(arithmetic, x),
  "patch-mean": patchMean,
  "first-two": (arithmetic, x) => meanOf(arithmetic, arithmetic.rows(x, 0, 2), 2),
  "first-and-mean": (arithmetic, x, reading) =>
    arithmetic.joinColumns([arithmetic.rows(x, 0, 1), patchMean(arithmetic, x, reading)]),
};

/**
 * The rows of a final norm that a head reads.
 *
 * Shapes: x [T, D] · returns [rows read, D], or [1, 2D] for the first beside a mean
 *
 * @param arithmetic What computes.
 * @param x The final norm of its stack.
 * @param head The head.
 * @param reading What decides which rows it reads.
 * @returns Those rows.
 * @throws {RangeError} If the rows that it reads are not there.
 */
export function headRows<T>(arithmetic: Arithmetic<T>, x: T, head: Picked, reading: Reading): T {
  return readers[head.reads](arithmetic, x, reading, head);
}
