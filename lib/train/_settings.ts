// The settings of a run, checked and complete, before anything is allocated.

import { requireInteger, requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { decoderKinds } from "../models/config.ts";
import type { TrainSettings } from "./record.ts";

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

const { vocabulary: _, ...modelKinds } = decoderKinds;

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
  requireOptions("settings.model", settings.model, { ...modelKinds, residual: "string?" });
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
