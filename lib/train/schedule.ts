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

/** A schedule with every choice made. */
type CompleteSchedule = ScheduleSettings & Required<Pick<ScheduleSettings, "warmup" | "floor">>;

/** Requires a decay to end, and not before it begins. */
function requireEnd({ kind, steps, warmup }: CompleteSchedule): void {
  if (steps === undefined) {
    throw new RangeError(
      `Cannot make a ${kind} schedule without steps: give the step at which it reaches its floor`,
    );
  }
  requireInteger(`steps of a ${kind} schedule`, steps, { min: 1 });
  if (steps >= warmup) return;
  throw new RangeError(
    `Cannot use a warm-up of ${warmup} in a ${kind} schedule of steps = ${steps}: it must be at most that long; give a shorter warm-up ` +
      "or more steps",
  );
}

/**
 * Checks the settings of a schedule and fills in what they leave open.
 *
 * @param settings The schedule as data.
 * @returns The same with every choice made.
 * @throws {RangeError} If a rate is not finite, a number of steps is not whole and positive, or the warm-up is longer than the schedule or
 * the floor above the peak.
 */
export function completeSchedule(settings: ScheduleSettings): CompleteSchedule {
  requireOptions("a schedule", settings, {
    kind: "string",
    peak: "number",
    warmup: "number?",
    steps: "number?",
    floor: "number?",
  });
  const kind = requireOneOf("kind of schedule", settings.kind, kinds);
  const peak = requireNumber("peak learning rate", settings.peak, { above: 0 });
  const floor = requireNumber("floor", settings.floor ?? 0, { min: 0 });
  if (floor > peak) {
    throw new RangeError(
      `Cannot use floor = ${floor}: it must be at most the peak learning rate, which is ${peak}`,
    );
  }
  const warmup = requireInteger("warmup", settings.warmup ?? 1, { min: 1 });
  const complete = { ...settings, warmup, floor };
  if (kind === "linear" || kind === "cosine") requireEnd(complete);
  return complete;
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
 * @throws {RangeError} If a rate is not finite, a number of steps is not whole and positive, or the warm-up is longer than the schedule or
 * the floor above the peak.
 */
export function makeSchedule(settings: ScheduleSettings): Schedule {
  const { kind, peak, floor, warmup, steps = Infinity } = completeSchedule(settings);
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
