// A task with a model of its kind as the loop's subject, whether the model starts anew or is trained further.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { NamedTensors } from "../decoder/described.ts";
import { parametersIn } from "../model/parameters.ts";
import type { ProbedBatch } from "../probes/observe.ts";
import type { RunNumbers } from "../train/complete_settings.ts";
import { gateWarningsIn, locateIn } from "../train/diagnose.ts";
import type { Row } from "../train/record.ts";
import type { Subject } from "../train/subject.ts";
import { type BatchInputs, runBatch, type RunOptions } from "../transformer/run.ts";
import type { Learner, Task } from "./task.ts";

/** Looks at a model at a step; rows of its own kind, numbers only. The functions of `@normkit/normkit/probes` take the same. */
export type TaskProbe = (
  parameters: NamedTensors,
  model: Learner<unknown>["model"],
  batch: Extract<ProbedBatch, { readonly loss: unknown }>,
) => Promise<readonly Omit<Row, "step">[]>;

/** Frees the tensors of a batch: images and sounds. */
function disposeInputs({ inputs }: BatchInputs): void {
  tf.dispose(Object.values(inputs).filter((given) => given instanceof tf.Tensor));
}

/** Where a training starts, and what looks at it. */
export interface Start extends Pick<Subject<NamedTensors, unknown>, "start"> {
  /** Parameters that are computed with and stay as they are. */
  readonly frozen?: NamedTensors;
  /** Runs at every evaluation. */
  readonly probe?: TaskProbe | undefined;
}

/**
 * A task and its model as the loop's subject; the first row, of kind `baseline`, is what a model must beat.
 *
 * @param task The task on its data.
 * @param model What it computes, and what is dropped.
 * @param numbers How large batches and evaluations are.
 * @param start The parameters of the start, and a probe.
 * @returns The subject.
 */
export function subjectOf<B>(
  task: Task<B>,
  model: Learner<B>["model"],
  { rows, evaluationBatches: batches }: RunNumbers,
  { start, frozen = {}, probe }: Start,
): Subject<NamedTensors, B> {
  const logits = (trained: NamedTensors, batch: B, options: RunOptions) => {
    const { inputs, ...masks } = task.inputs(batch);
    return runBatch({ ...frozen, ...trained }, model, inputs, { ...masks, ...options })["logits"]!;
  };
  const { name, measured } = task.baseline;
  return {
    kinds: parametersIn(model.spec),
    example: task.example,
    baseline: { kind: "baseline", step: 0, name, ...measured },
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
    probe: probe && (async (trained, batch) => {
      const inputs = task.inputs(batch);
      const loss = (given: Tensor) => task.loss(given, batch);
      try {
        return await probe({ ...frozen, ...trained }, model, { inputs, loss });
      } finally {
        disposeInputs(inputs);
      }
    }),
  };
}
