// A task's training, from the start or further: what is reached without looking at the input first, then the loop's rows.

import type { NamedTensors } from "../decoder/described.ts";
import { type LoopOptions, type LoopResult, runTraining } from "../train/loop.ts";
import type { Row } from "../train/record.ts";
import { type Start, subjectOf } from "./subject.ts";
import type { Learner, Task } from "./task.ts";

/**
 * Trains for a task.
 *
 * @param task The task on its data.
 * @param model What computes, and what is dropped.
 * @param start The parameters of the start, and a probe.
 * @param options How long, and who listens.
 * @returns What the loop leaves; its first row, of kind `baseline`, is what a model must beat.
 */
export async function runTask<B>(
  task: Task<B>,
  model: Learner<B>["model"],
  start: Start,
  options: LoopOptions,
): Promise<LoopResult<NamedTensors>> {
  const { name, measured } = task.baseline;
  const baseline: Row = { kind: "baseline", step: 0, name, ...measured };
  options.onRow?.(baseline);
  const result = await runTraining(subjectOf(task, model, options.numbers, start), options);
  return { ...result, rows: [baseline, ...result.rows] };
}
