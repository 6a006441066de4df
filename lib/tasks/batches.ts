// Batches of examples: random ones to train on, even ones to measure with.

import type { Random } from "../core/random.ts";
import type { Split } from "../data/dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import type { TokenBatch } from "../interpret/eager.ts";
import type { Amount, Part } from "../train/subject.ts";
import type { EvaluationSize } from "./task.ts";

/**
 * Random examples, any of them more than once.
 *
 * @param split The examples.
 * @param part Of which part.
 * @param rows How many.
 * @param random What draws them.
 * @returns The examples.
 */
export function drawExamples<T>(
  split: Split<Dataset<T>>,
  part: Part,
  rows: number,
  random: Random,
): T[] {
  const { examples } = split[part];
  return Array.from({ length: rows }, () => examples[random.integer(examples.length)]!);
}

/**
 * What an example takes, on average.
 *
 * @param unit What is counted.
 * @param split The examples; those that are trained on are counted.
 * @param count How many of it an example has.
 * @returns The mean.
 */
export function meanAmount<T>(
  unit: string,
  { train: { examples } }: Split<Dataset<T>>,
  count: (example: T) => number,
): Amount {
  return { count: examples.reduce((sum, one) => sum + count(one), 0) / examples.length, unit };
}

/**
 * Held-out examples in batches: all, or if they are more than the size allows, some at even distances.
 *
 * @param split The examples.
 * @param size How many.
 * @returns The batches; the last one may be smaller.
 */
export function heldOutBatches<T>(
  { heldOut: { examples } }: Split<Dataset<T>>,
  { rows, batches }: EvaluationSize,
): T[][] {
  const count = Math.min(examples.length, rows * batches);
  const chosen = Array.from(
    { length: count },
    (_, at) => examples[Math.floor(at * examples.length / count)]!,
  );
  return Array.from(
    { length: Math.ceil(count / rows) },
    (_, at) => chosen.slice(at * rows, (at + 1) * rows),
  );
}

/**
 * Rows of tokens as a batch.
 *
 * @param rows The rows, of any lengths.
 * @param padding What stands behind those that are shorter than the longest.
 * @returns The batch.
 */
export function paddedRows(rows: readonly ArrayLike<number>[], padding: number): TokenBatch {
  const length = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const ids = new Int32Array(rows.length * length).fill(padding);
  rows.forEach((row, at) => ids.set(row, at * length));
  return { ids, size: [rows.length, length] };
}
