// Batches of rows that are cut from tokens: random ones to train on, even ones to measure with.

import { requireInteger } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Random } from "../core/random.ts";

/** Inputs and the tokens that follow them. */
export interface Batch {
  /** B rows of T tokens. */
  readonly inputs: readonly Int32Array[];
  /** The B·T tokens one place later, row by row. */
  readonly targets: Int32Array;
}

function windowsAt(tokens: Int32Array, starts: readonly number[], length: number): Batch {
  const targets = new Int32Array(starts.length * length);
  starts.forEach((start, row) =>
    targets.set(tokens.subarray(start + 1, start + 1 + length), row * length)
  );
  return { inputs: starts.map((start) => tokens.subarray(start, start + length)), targets };
}

function requireSize(
  tokens: Int32Array,
  { rows, length }: { readonly rows: number; readonly length: number },
): void {
  requireInteger("rows", rows, { min: 1 });
  requireInteger("length", length, { min: 1 });
  if (tokens.length <= length) {
    throw new RangeError(
      `Cannot cut rows of ${length} tokens from ${tokens.length} tokens: a row needs ${length + 1}`,
    );
  }
}

/**
 * A batch of random rows.
 *
 * @param tokens The text.
 * @param size Rows B and tokens T of each.
 * @param random Where the rows' starts are drawn from.
 * @returns The batch.
 * @throws {RangeError} If the text is shorter than T + 1 tokens.
 */
export function randomBatch(
  tokens: Int32Array,
  size: { readonly rows: number; readonly length: number },
  random: Random,
): Batch {
  requireOptions("randomBatch()", size, { rows: "number", length: "number" });
  requireSize(tokens, size);
  const starts = Array.from(
    { length: size.rows },
    () => random.integer(tokens.length - size.length),
  );
  return windowsAt(tokens, starts, size.length);
}

/**
 * Batches that cover a text evenly: the same rows in every call.
 *
 * @param tokens The text.
 * @param size Rows B of a batch, tokens T of each row, and the number of batches.
 * @returns The batches.
 * @throws {RangeError} If the text is shorter than T + 1 tokens.
 */
export function evenBatches(
  tokens: Int32Array,
  size: { readonly rows: number; readonly length: number; readonly batches: number },
): Batch[] {
  requireOptions("evenBatches()", size, { rows: "number", length: "number", batches: "number" });
  requireSize(tokens, size);
  requireInteger("batches", size.batches, { min: 1 });
  const count = size.rows * size.batches;
  const room = tokens.length - size.length;
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * room) / count));
  return Array.from(
    { length: size.batches },
    (_, b) => windowsAt(tokens, starts.slice(b * size.rows, (b + 1) * size.rows), size.length),
  );
}
