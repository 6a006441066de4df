// Checks the settings of a training run and fills in defaults, before anything is allocated.

import { requireInteger, requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { completeConfig, type DecoderConfig, decoderKinds } from "../decoder/config.ts";
import { completeOptimizer } from "./optimizer.ts";
import type { TrainSettings } from "./record.ts";
import { completeSchedule } from "./schedule.ts";

const settingKinds: OptionKinds<TrainSettings> = {
  model: "object",
  optimizer: "object?",
  schedule: "object",
  seed: "number",
  steps: "number",
  rows: "number",
  length: "number?",
  accumulate: "number?",
  clip: "number?",
  clipGates: "number?",
  reportEvery: "number?",
  evaluateEvery: "number?",
  evaluationBatches: "number?",
};

/** A whole configuration will do, if it is the corpus's: `requireVocabulary` says. */
const modelKinds = { ...decoderKinds, vocabulary: "number?", residual: "string?" } as const;

/** Numbers that a run needs, all of them present. */
export interface RunNumbers {
  readonly steps: number;
  readonly rows: number;
  readonly length: number;
  readonly accumulate: number;
  readonly reportEvery: number;
  readonly evaluateEvery: number;
  readonly evaluationBatches: number;
}

/**
 * Checks the numbers of a run and fills in those that are left open.
 *
 * @throws {RangeError} If one is out of range.
 */
export function runNumbers(settings: TrainSettings): RunNumbers {
  requireOptions("train()", settings, settingKinds);
  requireOptions("settings.model", settings.model, modelKinds);
  const steps = requireInteger("steps", settings.steps, { min: 0 });
  const positive = (name: keyof TrainSettings & keyof RunNumbers, open: number): number =>
    requireInteger(name, settings[name] ?? open, { min: 1 });
  for (const limit of ["clip", "clipGates"] as const) {
    requireNumber(limit, settings[limit] ?? 1, { above: 0 });
  }
  const { context } = settings.model;
  return {
    steps,
    rows: positive("rows", 1),
    accumulate: positive("accumulate", 1),
    reportEvery: positive("reportEvery", 1),
    evaluateEvery: positive("evaluateEvery", Math.max(1, steps)),
    evaluationBatches: positive("evaluationBatches", 8),
    length: requireInteger("length", settings.length ?? context, { min: 1, max: context }),
  };
}

/**
 * The settings of a run with every choice made; limits of gradients that are absent are none.
 *
 * @throws {RangeError} If one is out of range.
 */
export function completeSettings(settings: TrainSettings, config: DecoderConfig): TrainSettings {
  const { vocabulary: _, residual, ...model } = completeConfig(config);
  return {
    ...settings,
    ...runNumbers(settings),
    model: { ...model, residual: residual.id },
    optimizer: completeOptimizer(settings.optimizer ?? { kind: "adamw" }),
    schedule: completeSchedule(settings.schedule),
  };
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
