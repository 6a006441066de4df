// What trains the cells of a sweep, and knows what determines them: of decoders with their probes, or of a task.

import { trainingForm, type TrainingFormName } from "../convert/mod.ts";
import type { Residual } from "../residual/types.ts";
import type { TaskSettings } from "../tasks/settings.ts";
import type { Task } from "../tasks/task.ts";
import { determinedTask, trainTask } from "../tasks/train_task.ts";
import { type RunNumbers, runNumbers, trainNumbers } from "../train/complete_settings.ts";
import type { Corpus } from "../train/corpus.ts";
import { determined } from "../train/determinants.ts";
import type { AnyRunRecord, RunSettings, TrainSettings } from "../train/record.ts";
import { type Probe, train, type TrainOptions, type TrainResult } from "../train/train.ts";
import { canResume, type CellProbe, joinProbes } from "./probes.ts";

/** The settings of a run whose model names its variant: those of decoders, and those of tasks. */
export interface VariantSettings extends RunSettings {
  /** Names the variant. */
  readonly model: { readonly residual?: string };
}

/** One training of a sweep, complete but for the data. */
export interface Cell<S extends VariantSettings = VariantSettings> {
  /** The files' name. */
  readonly name: string;
  /** Everything that determines it. */
  readonly settings: S;
  /** The variant that the settings name, where it is an object of one's own. */
  readonly residual?: Residual;
  /** The form in which the loss is computed. */
  readonly form?: TrainingFormName;
}

/** What is looked at in the models of a sweep, and how much of it is kept. */
export interface Kept {
  /** What is looked at in the trained models; nothing by default. */
  readonly probes?: readonly CellProbe[];
  /** What is looked at in every evaluation, the first before training; nothing by default. */
  readonly during?: readonly CellProbe[];
  /** Significant digits that are kept of each number; 6 by default, which is more than a seed's noise leaves. */
  readonly digits?: number;
}

/** What accompanies a run. */
export type Accompany = Pick<TrainOptions, "command" | "commit" | "signal" | "state" | "onRow">;

/** What trains cells. */
export interface Trainer<S extends VariantSettings = VariantSettings> {
  /** Significant digits that are kept of each number. */
  readonly digits: number;
  /** The numbers of an evaluation by which cells can be compared. */
  readonly measures: readonly string[];
  /** The hash of all that determines a run on a tfjs backend: `determines` in its manifest. */
  hashOf(cell: Cell<S>, backend: string): string;
  /** How long a run is. */
  numbersOf(cell: Cell<S>): RunNumbers;
  /** Trains a run. */
  train(
    cell: Cell<S>,
    options: Accompany,
  ): Promise<{ readonly parameters: object; readonly record: AnyRunRecord }>;
}

/** What trains decoders, from the seed or from parameters. */
export interface DecoderTrainer extends Trainer<TrainSettings> {
  train(
    cell: Cell<TrainSettings>,
    options: Accompany & Pick<TrainOptions, "parameters">,
  ): Promise<TrainResult>;
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
  { probes = [], during = [], digits = usualDigits }: Kept,
): DecoderTrainer {
  const named = { evaluations: during, end: probes, digits };
  return {
    digits,
    measures: ["nats", "bitsPerByte"],
    hashOf: ({ settings, residual, form }, backend) =>
      determined({ settings, corpus, backend, residual, form, probes: named }).determines,
    numbersOf: ({ settings }) => trainNumbers(settings),
    train: ({ settings, residual, form }, { onRow, state, ...options }) => {
      const [always, last] = [joinProbes(during), joinProbes(probes)];
      let step = 0;
      const probe: Probe = async (...model) => [
        ...await always(...model),
        ...step === settings.steps ? await last(...model) : [],
      ];
      return train(settings, corpus, {
        ...options,
        ...(state === undefined || !canResume([...during, ...probes]) ? {} : { state }),
        probe,
        probes: named,
        ...(residual === undefined ? {} : { residual }),
        ...(form === undefined ? {} : { label: form, form: (p, c) => trainingForm(p, c, form) }),
        onRow: (row) => {
          step = row.step; // the evaluation's row comes before its probe
          onRow?.(row);
        },
      });
    },
  };
}

/**
 * The trainer of models for a task.
 *
 * @param task The task on its data.
 * @param digits Significant digits that are kept of each number.
 * @returns The trainer.
 */
export function taskTrainer(task: Task, digits = usualDigits): Trainer<TaskSettings> {
  return {
    digits,
    measures: Object.keys(task.baseline.measured),
    hashOf: ({ settings, residual }, backend) =>
      determinedTask(task, settings, { backend, residual }).determines,
    numbersOf: ({ settings }) => runNumbers(settings, task.length),
    train: ({ settings, residual }, options) =>
      trainTask(task, settings, { ...options, ...(residual === undefined ? {} : { residual }) }),
  };
}
