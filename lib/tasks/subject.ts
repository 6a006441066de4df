// A task with a model of its kind as the loop's subject, whether the model starts anew or is trained further.

import type { NamedTensors } from "../decoder/described.ts";
import { parametersIn } from "../model/parameters.ts";
import type { RunNumbers } from "../train/complete_settings.ts";
import { gateWarningsIn, locateIn } from "../train/diagnose.ts";
import type { Subject } from "../train/subject.ts";
import { runBatch, type RunOptions } from "../transformer/run.ts";
import type { Learner, Task } from "./task.ts";

/** Where a training starts. */
export interface Start extends Pick<Subject<NamedTensors, unknown>, "start"> {
  /** Parameters that are computed with and stay as they are. */
  readonly frozen?: NamedTensors;
}

/**
 * A task and its model as the loop's subject.
 *
 * @param task The task on its data.
 * @param model What it computes, and what is dropped.
 * @param numbers How large batches and evaluations are.
 * @param start The parameters of the start.
 * @returns The subject.
 */
export function subjectOf<B>(
  task: Task<B>,
  model: Learner<B>["model"],
  { rows, evaluationBatches: batches }: RunNumbers,
  { start, frozen = {} }: Start,
): Subject<NamedTensors, B> {
  const logits = (trained: NamedTensors, batch: B, options: RunOptions) => {
    const { inputs, ...masks } = task.inputs(batch);
    return runBatch({ ...frozen, ...trained }, model, inputs, { ...masks, ...options })["logits"]!;
  };
  return {
    kinds: parametersIn(model.spec),
    start,
    draw: (part, random) => task.draw(part, rows, random),
    loss: (trained, batch, options) => task.loss(logits(trained, batch, options), batch),
    evaluate: (trained) => {
      const parameters = { ...frozen, ...trained };
      const learner = { model, parameters, logits: (batch: B) => logits(trained, batch, {}) };
      return task.evaluate(learner, { rows, batches });
    },
    locate: (trained, batch) => locateIn(trained, (tap) => logits(trained, batch, { tap })),
    warnings: (trained) => gateWarningsIn(trained, model.spec),
  };
}
