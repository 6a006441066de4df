// Checks the settings of a training run and fills in defaults, before anything is allocated.

import { requireInteger, requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { completeConfig, type DecoderConfig, decoderKinds } from "../decoder/config.ts";
import { requireDivergence } from "./divergence.ts";
import { completeOptimizer } from "./optimizer.ts";
import type { FineTuneSettings, RunSettings, TrainSettings } from "./record.ts";
import { completeSchedule } from "./schedule.ts";

/** What the settings of a run hold. */
export const settingKinds: OptionKinds<RunSettings> = {
  optimizer: "object?",
  schedule: "object",
  seed: "number",
  steps: "number",
  rows: "number",
  length: "number?",
  accumulate: "number?",
  checkpointing: "boolean?",
  clip: "number?",
  clipGates: "number?",
  reportEvery: "number?",
  evaluateEvery: "number?",
  evaluationBatches: "number?",
  divergence: "object?",
};

/** A whole configuration will do, if it is the corpus's: `requireVocabulary` says. */
const modelKinds = { ...decoderKinds, vocabulary: "number?", residual: "string?" } as const;

/** Numbers that a run needs, all of them present. */
export interface RunNumbers {
  /** Steps of the optimizer. */
  readonly steps: number;
  /** Rows of a batch. */
  readonly rows: number;
  /** Tokens, patches or frames of a row. */
  readonly length: number;
  /** Batches of a step. */
  readonly accumulate: number;
  /** Steps between two reads of the loss. */
  readonly reportEvery: number;
  /** Steps between two evaluations. */
  readonly evaluateEvery: number;
  /** Held-out batches that are measured. */
  readonly evaluationBatches: number;
}

/**
 * Checks the numbers of a training from the start and fills in those that are left open.
 *
 * @throws {RangeError} If one is out of range.
 */
export function trainNumbers(settings: TrainSettings): RunNumbers {
  requireOptions("train()", settings, { ...settingKinds, model: "object" });
  requireOptions("settings.model", settings.model, modelKinds);
  return runNumbers(settings, settings.model.context);
}

/**
 * Checks the numbers of a fine-tuning and fills in those that are left open.
 *
 * @throws {RangeError} If one is out of range.
 */
export function fineTuneNumbers(settings: FineTuneSettings, context: number): RunNumbers {
  requireOptions("fineTune()", settings, { ...settingKinds, dropout: "number?" });
  requireNumber("dropout", settings.dropout ?? 0, { min: 0, below: 1 });
  return runNumbers(settings, context);
}

/** More tokens than the activations of any model leave room for. */
const mostTokens = 2 ** 24;

/**
 * Checks the numbers of a run and fills in those that are left open.
 *
 * @param settings The settings.
 * @param context The longest sequence, in tokens.
 * @returns The numbers.
 * @throws {RangeError} If one is out of range.
 */
export function runNumbers(settings: RunSettings, context: number): RunNumbers {
  const steps = requireInteger("steps", settings.steps, { min: 0 });
  const positive = (name: keyof RunSettings & keyof RunNumbers, open: number): number =>
    requireInteger(name, settings[name] ?? open, { min: 1 });
  for (const limit of ["clip", "clipGates"] as const) {
    requireNumber(limit, settings[limit] ?? 1, { above: 0 });
  }
  requireDivergence(settings.divergence);
  const length = requireInteger("length", settings.length ?? context, { min: 1 });
  if (length > context) {
    throw new RangeError(
      `Cannot use length = ${length}: rows must have at most the ${context} tokens of the model's context`,
    );
  }
  const most = Math.max(1, Math.floor(mostTokens / length));
  return {
    steps,
    rows: requireInteger("rows", settings.rows, { min: 1, max: most }),
    accumulate: positive("accumulate", 1),
    reportEvery: positive("reportEvery", 1),
    evaluateEvery: positive("evaluateEvery", Math.max(1, steps)),
    evaluationBatches: positive("evaluationBatches", 8),
    length,
  };
}

/**
 * Settings with every choice made but those of the model; limits of gradients that are absent are none.
 *
 * @param settings The settings.
 * @param numbers Their numbers.
 * @returns The complete settings.
 * @throws {RangeError} If the optimizer or the schedule is out of range.
 */
export function completed<S extends RunSettings>(settings: S, numbers: RunNumbers): S {
  return {
    ...settings,
    ...numbers,
    optimizer: completeOptimizer(settings.optimizer ?? { kind: "adamw" }),
    schedule: completeSchedule(settings.schedule),
  };
}

/**
 * The settings of a training from the start with every choice made.
 *
 * @throws {RangeError} If one is out of range.
 */
export function completeSettings(settings: TrainSettings, config: DecoderConfig): TrainSettings {
  const { vocabulary: _, residual, ...model } = completeConfig(config);
  const whole = completed(settings, trainNumbers(settings));
  return { ...whole, model: { ...model, residual: residual.id } };
}

/**
 * The settings of a fine-tuning with every choice made.
 *
 * @throws {RangeError} If one is out of range.
 */
export function completeFineTuning(settings: FineTuneSettings, context: number): FineTuneSettings {
  return { dropout: 0, ...completed(settings, fineTuneNumbers(settings, context)) };
}

/**
 * Requires a vocabulary that is given with the model to be the corpus's.
 *
 * @throws {RangeError} If it is another.
 */
export function requireVocabulary({ model }: TrainSettings, vocabulary: number): void {
  const { vocabulary: given = vocabulary } = model as Partial<DecoderConfig>;
  if (given !== vocabulary) {
    throw new RangeError(
      `Cannot train a model of vocabulary = ${given}: the corpus has ${vocabulary} tokens`,
    );
  }
}
