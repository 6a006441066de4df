// The settings of a task's training, as data: what a file of settings holds, and a manifest.

import { type OptionKinds, requireOptions, shown } from "../core/options.ts";
import { settingKinds } from "../train/complete_settings.ts";
import type { FineTuneSettings, RunSettings } from "../train/record.ts";
import type { LayerOptions } from "../transformer/settings.ts";
import type { Task } from "./task.ts";

/** What settings say of a model; what the data determine is added to it. */
export interface ModelSettings extends Omit<LayerOptions, "residual"> {
  /** The residual variant, by id; `"pre-ln"` by default. */
  readonly residual?: string;
  /** What the kind of model has besides, such as `depth`, `encoderDepth`, `patchSize`. */
  readonly [option: string]: unknown;
}

/** Everything that determines the training of a model for a task, as data. */
export interface TaskSettings extends Omit<RunSettings, "length"> {
  /** The task's id. */
  readonly task: string;
  /** Which data, in the task's own words; those of a package by default. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** How the loss is made, in the task's own words. */
  readonly objective?: Readonly<Record<string, unknown>>;
  /** The residual variant and the sizes that are free. */
  readonly model: ModelSettings;
}

const { length: _, ...runKinds } = settingKinds;

/** What settings hold. */
export const taskKinds: OptionKinds<TaskSettings> = {
  ...runKinds,
  task: "string",
  data: "object?",
  objective: "object?",
  model: "object",
};

/** What determines the training of a model that is there already for a task, as data. */
export type TaskTuning = Omit<TaskSettings, "model"> & Pick<FineTuneSettings, "dropout">;

const { model: _model, ...withoutModel } = taskKinds;

/** What such settings hold. */
const tuningKinds: OptionKinds<TaskTuning> = { ...withoutModel, dropout: "number?" };

/** What settings hold that leave things open: only the task must be there. */
export const openTaskKinds = Object.fromEntries(
  Object.entries(taskKinds).map((
    [key, kind],
  ) => [key, key === "task" || kind.endsWith("?") ? kind : `${kind}?`]),
) as OptionKinds<OpenTaskSettings>;

/** Settings that leave things open. */
export type OpenTaskSettings =
  & Pick<TaskSettings, "task">
  & Partial<Omit<TaskSettings, "model" | "schedule">>
  & {
    readonly model?: Partial<ModelSettings>;
    readonly schedule?: Partial<TaskSettings["schedule"]>;
  };

/**
 * Requires the settings of a task; the ranges of numbers and the model are for others to check.
 *
 * @param of Whose settings they are, for the message.
 * @param settings The settings.
 * @param task The task.
 * @throws {RangeError} If a key is unknown or missing, a value is of another kind, they are of another task, or the model is given what the
 * data determine.
 */
export function requireTaskSettings(
  of: string,
  settings: TaskSettings,
  task: Pick<Task, "id" | "sizes">,
): void {
  requireOptions(of, settings, taskKinds);
  requireSameTask(settings, task);
  const fixed = Object.keys(task.sizes).find((name) => Object.hasOwn(settings.model, name));
  if (fixed === undefined) return;
  throw new RangeError(
    `Cannot use model.${fixed} = ${
      shown(settings.model[fixed])
    }: data and objective of ${task.id} make it ${task.sizes[fixed]}`,
  );
}

/**
 * Requires the settings of a model's training that is there already; the ranges of numbers are for others to check.
 *
 * @param of Whose settings they are, for the message.
 * @param settings The settings.
 * @param task The task.
 * @throws {RangeError} If a key is unknown or missing, a value is of another kind, or they are of another task.
 */
export function requireTaskTuning(of: string, settings: TaskTuning, task: Pick<Task, "id">): void {
  requireOptions(of, settings, tuningKinds);
  requireSameTask(settings, task);
}

function requireSameTask(settings: Pick<TaskSettings, "task">, task: Pick<Task, "id">): void {
  if (settings.task === task.id) return;
  throw new RangeError(
    `Cannot train ${task.id} by settings of ${settings.task}: they must be of the same task`,
  );
}
