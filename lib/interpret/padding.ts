// Sequences of one batch that are not equally long: which of their rows count, and which are padding.

import * as tf from "@tensorflow/tfjs";
import { requireLengths } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";

/** What rows of a sequence are given. */
export interface RowValues {
  /** What each row that counts is given, of a sequence that has so many of them. */
  readonly counted: (length: number) => number;
  /** What padding is given. */
  readonly padding: number;
}

/**
 * A number for each row of each sequence, by whether it counts.
 *
 * Shapes: returns [B, T]
 *
 * @param lengths How many rows of each sequence count, the first of it.
 * @param size B and T.
 * @param values The numbers.
 * @returns The numbers, to be broadcast over what is in a row.
 * @throws {RangeError} If there is not one length for each sequence, from 1 to T.
 */
export function perRow(
  lengths: readonly number[],
  [batch, rows]: readonly [batch: number, rows: number],
  { counted, padding }: RowValues,
): Tensor {
  requireLengths(lengths, batch, rows);
  const values = lengths.flatMap((length) =>
    Array.from({ length: rows }, (_, row) => row < length ? counted(length) : padding)
  );
  return tf.tensor(values, [batch, rows]);
}
