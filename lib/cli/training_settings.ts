// What options say of a training, of a decoder from the start or of a model in a folder.

import type { RunSettings } from "../train/record.ts";
import type { ScheduleKind } from "../train/schedule.ts";
import { type Arguments, choiceOption, flag, numberOption, numberOptions } from "./command.ts";

/** The shapes of schedules. */
export const scheduleKinds: readonly ScheduleKind[] = [
  "constant",
  "linear",
  "cosine",
  "inverse-square-root",
];

/**
 * A setting, if it has a value.
 *
 * @param name Its name.
 * @param value Its value.
 * @returns An object with it, or without.
 */
export function given<T>(name: string, value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { [name]: value };
}

/**
 * The options of a model that are given.
 *
 * @param args The arguments.
 * @returns The options by their names in settings.
 * @throws {UsageError} If one is not understood.
 */
export function modelOptionsFrom(args: Arguments): Record<string, number | string> {
  const words = {
    norm: ["layer", "rms", "crms", "crms-padded"],
    positions: ["learned", "rotary"],
    activation: ["gelu", "relu", "swiglu"],
    init: ["xavier", "normal"],
  };
  return Object.assign(
    numberOptions(args, ["width", "heads", "dropout"]),
    ...Object.entries(words).map(([name, allowed]) =>
      given(name, choiceOption(args, name, allowed))
    ),
  );
}

/**
 * What is to be done about a training that goes wrong.
 *
 * @param args The arguments.
 * @returns The setting, where one of its options is given.
 * @throws {UsageError} If one is not understood.
 */
export function divergenceFrom(args: Arguments): Pick<RunSettings, "divergence"> {
  const divergence = {
    ...given("spike", numberOption(args, "spike")),
    ...given("then", choiceOption(args, "diverged", ["stop", "return"])),
  };
  return Object.keys(divergence).length === 0 ? {} : { divergence };
}

/**
 * The settings that do not depend on what is trained.
 *
 * @param args The arguments.
 * @param rate The peak learning rate where none is given.
 * @returns The settings; what is left open is for the training to choose.
 * @throws {UsageError} If one is not understood.
 */
export function runSettingsFrom(args: Arguments, rate: number): RunSettings {
  const number = (name: string): number | undefined => numberOption(args, name);
  const steps = number("steps") ?? 200;
  return {
    schedule: {
      kind: choiceOption(args, "schedule", scheduleKinds) ?? "constant",
      peak: number("rate") ?? rate,
      warmup: number("warmup") ?? 1,
      steps: Math.max(1, steps),
    },
    seed: number("seed") ?? 0,
    steps,
    rows: number("rows") ?? 8,
    ...given("checkpointing", flag(args, "checkpointing") || undefined),
    ...given("clip", number("clip")),
    ...given("clipGates", number("clip-gates")),
    ...given("evaluateEvery", number("evaluate-every")),
    ...divergenceFrom(args),
  };
}
