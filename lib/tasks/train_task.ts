// Training a model for a task from the start.

import * as tf from "@tensorflow/tfjs";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { NamedTensors } from "../decoder/described.ts";
import { codeOf, sourceOf } from "../residual/code.ts";
import type { Residual } from "../residual/types.ts";
import { completed, runNumbers } from "../train/complete_settings.ts";
import { type Determinants, type Determined, determinedBy } from "../train/determinants.ts";
import { runTraining } from "../train/loop.ts";
import { manifestOf } from "../train/manifest.ts";
import type { RunRecord, RunSettings } from "../train/record.ts";
import { ownVariant, requireRoomToTrain } from "../train/requirements.ts";
import type { TrainOptions } from "../train/train.ts";
import { drawStarts } from "../transformer/blueprint.ts";
import type { Transformer } from "../transformer/models.ts";
import { completeModel, type ModelConfig, modelOf } from "./models.ts";
import { requireTaskSettings, type TaskSettings } from "./settings.ts";
import { subjectOf, type TaskProbe } from "./subject.ts";
import type { ExampleFacts, Task } from "./task.ts";
import { recordedText } from "./task_text.ts";

/** What accompanies a run without determining it. */
export interface TrainTaskOptions extends
  Pick<
    TrainOptions,
    "residual" | "signal" | "onRow" | "state" | "label" | "probes" | "command" | "commit"
  > {
  /** Runs at every held-out evaluation, on a fixed held-out batch. */
  readonly probe?: TaskProbe;
}

const optionKinds: OptionKinds<TrainTaskOptions> = {
  residual: "object?",
  signal: "signal?",
  onRow: "function?",
  state: "object?",
  probe: "function?",
  label: "string?",
  probes: "object?",
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

/** Where a run is computed, a variant of the caller's own, and what is looked at. */
interface Where extends Pick<Determinants, "backend" | "residual" | "probes"> {}

/**
 * What a manifest says of all that determines a run.
 *
 * @param task The task on its data.
 * @param settings The settings as they are.
 * @param where The tfjs backend, the variant where it is one of the caller's own, and the names of what is looked at.
 * @returns Settings, what they left open, the data, and the hash of all.
 * @throws {RangeError} If a setting is out of range.
 */
export function determinedTask(
  task: Task,
  settings: TaskSettings,
  { backend, residual, probes }: Where,
): Determined<TaskSettings, ExampleFacts> {
  const config = configOf(task, settings, residual);
  const { length: _, ...whole } = completed<RunSettings>(
    settings,
    runNumbers(settings, task.length),
  );
  const complete = { ...whole, model: completeModel(config) };
  const depth = Number(Object.entries(config).find(([name]) => /depth$/i.test(name))?.[1]);
  const code = residual && codeOf(residual, depth);
  return determinedBy(settings, complete as unknown as TaskSettings, task.data, {
    code,
    backend,
    probes,
  });
}

/**
 * Trains a model for a task from the start.
 *
 * The same settings and data give the same record, bit for bit, on the WASM and CPU backends. Its first row, of kind `baseline`, is what
 * is reached without looking at the input.
 *
 * @param task The task on its data.
 * @param settings Model, optimizer, schedule, seed, steps and batch.
 * @param options Signal, callbacks, a probe, a variant of one's own.
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
  const { residual, probe, probes, signal, onRow, state, label, command, commit } = options;
  const own = ownVariant(settings.model.residual, residual);
  const config = configOf(task as Task, settings, own);
  const model = modelOf(config);
  const backend = tf.getBackend();
  const known = determinedTask(task as Task, settings, {
    backend,
    residual: own,
    probes: probes ?? sourceOf(probe),
  });
  requireRoomToTrain(model.starts, settings);
  const start = () => drawStarts(model.starts, settings.seed);
  const { parameters, rows, ...facts } = await runTraining(
    subjectOf(task, model, numbers, { start, probe }),
    { settings, numbers, signal, onRow, state, determines: known.determines },
  );
  const manifest = manifestOf({
    ...facts,
    variant: settings.model.residual ?? "pre-ln",
    ownVariant: own !== undefined,
    known,
    probes,
    backend,
    label,
    command,
    commit,
  });
  const { tokens, tokenizer } = recordedText(task.text);
  const record = {
    manifest: {
      ...manifest,
      ...(tokens === undefined ? {} : { tokens }),
      ...(task.classes === undefined ? {} : { classes: task.classes }),
    },
    rows,
    ...(tokenizer === undefined ? {} : { tokenizer }),
  };
  return { model, parameters, record };
}
