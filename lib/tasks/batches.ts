// Batches of examples: random ones to train on, even ones to measure with.

import type { Random } from "../core/random.ts";
import type { Split } from "../data/dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Part } from "../train/subject.ts";
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
