// What trains the runs of a figure, and knows what determines them: of decoders with their probes, or of a task.

import { trainingForm } from "../../convert/mod.ts";
import type { Task } from "../../tasks/task.ts";
import { determinedTask, trainTask } from "../../tasks/train_task.ts";
import type { TaskSettings } from "../../tasks/settings.ts";
import type { Corpus } from "../../train/corpus.ts";
import { determined } from "../../train/determinants.ts";
import type { AnyRunRecord, TrainSettings } from "../../train/record.ts";
import { type Probe, train, type TrainOptions } from "../../train/train.ts";
import type { FigureRun, TrainingFigure, VariantSettings } from "./figure.ts";
import { joinProbes } from "./probes.ts";

/** What accompanies a run. */
export type Accompany = Pick<TrainOptions, "command" | "commit" | "signal">;

/** What trains the runs of a figure. */
export interface Trainer<S extends VariantSettings = VariantSettings> {
  /** Significant digits that are kept of each number. */
  readonly digits: number;
  /** The hash of all that determines a run on a tfjs backend: `determines` in its manifest. */
  hashOf(run: FigureRun<S>, backend: string): string;
  /** Trains a run. */
  train(
    run: FigureRun<S>,
    options: Accompany,
  ): Promise<{ readonly parameters: object; readonly record: AnyRunRecord }>;
}

/** Significant digits that are kept by default. */
const usualDigits = 6;

/**
 * The trainer of decoders.
 *
 * @param corpus The text.
 * @param kept What is looked at in every evaluation and at the end, and how many digits are kept.
 * @returns The trainer.
 */
export function decoderTrainer(
  corpus: Corpus,
  { probes, during = [], digits = usualDigits }: Pick<
    TrainingFigure,
    "probes" | "during" | "digits"
  >,
): Trainer<TrainSettings> {
  const named = { evaluations: during, end: probes, digits };
  return {
    digits,
    hashOf: ({ settings, residual, form }, backend) =>
      determined({ settings, corpus, backend, residual, form, probes: named }).determines,
    train: ({ settings, residual, form }, options) => {
      const [always, last] = [joinProbes(during), joinProbes(probes)];
      let step = 0;
      const probe: Probe = async (...model) => [
        ...await always(...model),
        ...step === settings.steps ? await last(...model) : [],
      ];
      return train(settings, corpus, {
        ...options,
        probe,
        probes: named,
        ...(residual === undefined ? {} : { residual }),
        ...(form === undefined ? {} : { label: form, form: (p, c) => trainingForm(p, c, form) }),
        onRow: (row) => step = row.step, // the evaluation's row comes before its probe
      });
    },
  };
}

/**
 * The trainer of models for a task.
 *
 * @param task The task on its data.
 * @returns The trainer.
 */
export function taskTrainer(task: Task): Trainer<TaskSettings> {
  return {
    digits: usualDigits,
    hashOf: ({ settings, residual }, backend) =>
      determinedTask(task, settings, { backend, residual }).determines,
    train: ({ settings, residual }, options) =>
      trainTask(task, settings, { ...options, ...(residual === undefined ? {} : { residual }) }),
  };
}
