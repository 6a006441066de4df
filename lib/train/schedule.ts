// Learning-rate schedules: a warm-up of T steps, then a shape. Steps count from 1; T = 1 means no warm-up.

import { requireInteger, requireNumber, requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";

/** The shapes after the warm-up. */
export type ScheduleKind = "constant" | "linear" | "cosine" | "inverse-square-root";

const kinds: readonly ScheduleKind[] = ["constant", "linear", "cosine", "inverse-square-root"];

/** A schedule as data, kept in the run's manifest. */
export interface ScheduleSettings {
  /** The shape. */
  readonly kind: ScheduleKind;
  /** The highest learning rate. */
  readonly peak: number;
  /** Warm-up steps T: lr(t) = peak · t / T for t ≤ T; 1 by default. */
  readonly warmup?: number;
  /** The step at which linear and cosine reach the floor. */
  readonly steps?: number;
  /** The lowest learning rate of linear and cosine; 0 by default. */
  readonly floor?: number;
}

/**
 * Fills in what the settings of a schedule leave open; nothing is checked.
 *
 * @param settings The schedule as data.
 * @returns The same with every choice made.
 */
export function completeSchedule(
  settings: ScheduleSettings,
): ScheduleSettings & Required<Pick<ScheduleSettings, "warmup" | "floor">> {
  return { ...settings, warmup: settings.warmup ?? 1, floor: settings.floor ?? 0 };
}

/** The step at which a decaying schedule reaches its floor. */
function lastStep({ kind, steps }: ScheduleSettings, warmup: number): number {
  if (steps === undefined) {
    throw new RangeError(
      `Cannot make a ${kind} schedule without steps: give the step at which it reaches its floor`,
    );
  }
  return requireInteger(`steps of a ${kind} schedule`, steps, { min: warmup });
}

/** The learning rate at a step, from 1. */
export type Schedule = (step: number) => number;

/**
 * The learning rate as a function of the step.
 *
 * ```
 * t ≤ T:                  peak · t / T
 * constant:               peak
 * linear:                 peak + (floor − peak) · p,              p = (t − T) / (steps − T)
 * cosine:                 floor + (peak − floor) · (1 + cos πp) / 2
 * inverse square root:    peak · √(T / t)
 * ```
 *
 * Units: the learning rate's; steps are optimizer steps.
 * Source: Vaswani et al. 2017, §5.3 and Xiong et al. 2020, §3.2 (inverse square root).
 *
 * @param settings The schedule as data.
 * @returns The function.
 * @throws {RangeError} If a rate is not finite or a number of steps is not whole and positive.
 */
export function makeSchedule(settings: ScheduleSettings): Schedule {
  requireOptions("a schedule", settings, {
    kind: "string",
    peak: "number",
    warmup: "number?",
    steps: "number?",
    floor: "number?",
  });
  const kind = requireOneOf("kind of schedule", settings.kind, kinds);
  const peak = requireNumber("peak learning rate", settings.peak, { above: 0 });
  const complete = completeSchedule(settings);
  const floor = requireNumber("floor", complete.floor, { min: 0, max: peak });
  const warmup = requireInteger("warmup", complete.warmup, { min: 1 });
  const decays = kind === "linear" || kind === "cosine";
  const steps = decays ? lastStep(settings, warmup) : Infinity;
  const progress = (t: number): number => Math.min(1, (t - warmup) / Math.max(1, steps - warmup));
  const shapes: Record<ScheduleKind, Schedule> = {
    "constant": () => peak,
    "linear": (t) => peak + (floor - peak) * progress(t),
    "cosine": (t) => floor + (peak - floor) * (1 + Math.cos(Math.PI * progress(t))) / 2,
    "inverse-square-root": (t) => peak * Math.sqrt(warmup / t),
  };
  const shape = shapes[kind];
  return (step) => step <= warmup ? peak * step / warmup : shape(step);
}
