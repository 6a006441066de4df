// Training a model for a task from the start.

import * as tf from "@tensorflow/tfjs";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { NamedTensors } from "../decoder/described.ts";
import { codeOf } from "../residual/code.ts";
import type { Residual } from "../residual/types.ts";
import { completed, type RunNumbers, runNumbers } from "../train/complete_settings.ts";
import { type Determined, determinedBy } from "../train/determinants.ts";
import { runTraining } from "../train/loop.ts";
import { manifestOf } from "../train/manifest.ts";
import type { RunRecord, RunSettings } from "../train/record.ts";
import { ownVariant, requireRoomToTrain } from "../train/requirements.ts";
import type { TrainOptions } from "../train/train.ts";
import { drawStarts } from "../transformer/blueprint.ts";
import type { Transformer } from "../transformer/models.ts";
import { completeModel, type ModelConfig, modelOf } from "./models.ts";
import { requireTaskSettings, type TaskSettings } from "./settings.ts";
import { subjectOf } from "./subject.ts";
import type { ExampleFacts, Task } from "./task.ts";

/** What accompanies a run without determining it. */
export type TrainTaskOptions = Pick<
  TrainOptions,
  "residual" | "signal" | "onRow" | "label" | "command" | "commit"
>;

const optionKinds: OptionKinds<TrainTaskOptions> = {
  residual: "object?",
  signal: "signal?",
  onRow: "function?",
  label: "string?",
  command: "string?",
  commit: "string?",
};

/** What a run leaves. */
export interface TaskResult {
  /** What was trained. */
  readonly model: Transformer;
  /** The trained parameters by name; the caller frees them. After a stop, the last ones whose loss was finite. */
  readonly parameters: NamedTensors;
  /** What was seen, and what made it. */
  readonly record: RunRecord<TaskSettings, ExampleFacts>;
}

/** The configuration of the model: what the data determine, then what the settings say. */
function configOf(
  { kind, sizes }: Task,
  { model }: TaskSettings,
  residual: Residual | undefined,
): ModelConfig {
  const own = residual === undefined ? {} : { residual };
  return { kind, ...sizes, ...model, ...own } as unknown as ModelConfig;
}

/** What a manifest says of all that determines a run. */
function determinedTask(
  task: Task,
  settings: TaskSettings,
  numbers: RunNumbers,
  config: ModelConfig,
  own: Residual | undefined,
): Determined<TaskSettings, ExampleFacts> {
  const { length: _, ...whole } = completed<RunSettings>(settings, numbers);
  const complete = { ...whole, model: completeModel(config) };
  const depth = Number(Object.entries(config).find(([name]) => /depth$/i.test(name))?.[1]);
  const code = own && codeOf(own, depth);
  return determinedBy(settings, complete as unknown as TaskSettings, task.data, {
    code,
    backend: tf.getBackend(),
  });
}

/**
 * Trains a model for a task from the start.
 *
 * The same settings and data give the same record, bit for bit, on the WASM and CPU backends.
 *
 * @param task The task on its data.
 * @param settings Model, optimizer, schedule, seed, steps and batch.
 * @param options Signal, callbacks, a variant of one's own.
 * @returns The model, its parameters and the record.
 * @throws {OutOfMemoryError} If there is no room for the parameters, their gradient and the moments. A memory that is full later ends the run (`stopped`).
 * @throws {InterruptedError} If the notebook's kernel that it runs in is interrupted.
 * @throws {RangeError} If a setting is unknown or out of range, or is for another task.
 */
export async function trainTask<B>(
  task: Task<B>,
  settings: TaskSettings,
  options: TrainTaskOptions = {},
): Promise<TaskResult> {
  requireTaskSettings("trainTask()", settings, task);
  requireOptions("trainTask()", options, optionKinds);
  const numbers = runNumbers(settings, task.length);
  const { residual, signal, onRow, label, command, commit } = options;
  const own = ownVariant(settings.model.residual, residual);
  const config = configOf(task as Task, settings, own);
  const model = modelOf(config);
  const known = determinedTask(task as Task, settings, numbers, config, own);
  requireRoomToTrain(model.starts, settings);
  const { parameters, rows, ...facts } = await runTraining(
    subjectOf(task, model, numbers, { start: () => drawStarts(model.starts, settings.seed) }),
    { settings, numbers, signal, onRow },
  );
  const manifest = manifestOf({
    ...facts,
    variant: settings.model.residual ?? "pre-ln",
    ownVariant: own !== undefined,
    known,
    probes: undefined,
    backend: tf.getBackend(),
    label,
    command,
    commit,
  });
  return { model, parameters, record: { manifest, rows } };
}
