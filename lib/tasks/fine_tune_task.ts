// A described model of any family, trained further for a task.

import * as tf from "@tensorflow/tfjs";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { requireNumber } from "../core/check.ts";
import { mapTree } from "../core/tree.ts";
import type { Tensor } from "../core/tensor.ts";
import { type NamedTensors, parted } from "../decoder/described.ts";
import { loadParameters } from "../families/language_model.ts";
import type { Model } from "../families/model.ts";
import type { OpenModel } from "../families/open.ts";
import type { ModelSpec } from "../model/spec.ts";
import { sourceOf } from "../residual/code.ts";
import { completed, type RunNumbers, runNumbers } from "../train/complete_settings.ts";
import { determinedBy, hashOfParameters } from "../train/determinants.ts";
import { requireUncentered } from "../train/fine_tune_folder.ts";
import { runTraining } from "../train/loop.ts";
import { manifestOf } from "../train/manifest.ts";
import type { RunRecord } from "../train/record.ts";
import { requireFit, taskSpec } from "./fit.ts";
import { withClasses } from "./fresh_head.ts";
import { requireTaskTuning, type TaskTuning } from "./settings.ts";
import { subjectOf } from "./subject.ts";
import type { ExampleFacts, Task } from "./task.ts";
import type { TrainTaskOptions } from "./train_task.ts";

/** What accompanies a fine-tuning without determining it. */
export interface FineTuneTaskOptions extends
  Pick<
    TrainTaskOptions,
    "signal" | "onRow" | "state" | "probe" | "probes" | "label" | "command" | "commit"
  > {
  /** Where the model is from, for the manifest; such as its folder. */
  readonly source?: string;
}

const optionKinds: OptionKinds<FineTuneTaskOptions> = {
  signal: "signal?",
  onRow: "function?",
  state: "object?",
  probe: "function?",
  probes: "object?",
  source: "string?",
  label: "string?",
  command: "string?",
  commit: "string?",
};

/** A model that fits a task, with what it is trained from. */
export interface TaskModel {
  /** The model: the source, or one with another head. */
  readonly model: Model;
  /** What of it is run. */
  readonly spec: ModelSpec;
  /** The parameters of that, float32; the caller frees them. */
  readonly parameters: NamedTensors;
  /** What was done to its head, in sentences. */
  readonly notes: readonly string[];
}

/** What a fine-tuning leaves. */
export interface FineTuneTaskResult {
  /** The parameters that were run, the trained ones as they are now; the caller frees them. */
  readonly parameters: NamedTensors;
  /** What was seen, and what made it. */
  readonly record: RunRecord<TaskTuning, ExampleFacts>;
}

/**
 * Reads a described model to train it for a task. A classifier of other classes than the task's gets a fresh head; so does a body of a
 * type of which transformers' classifier is known.
 *
 * @param source The model, whose files are open.
 * @param task The task.
 * @param seed What a fresh head is drawn from.
 * @returns The model and its parameters.
 * @throws {RangeError} If it does not read what the task gives, has no output for each answer, or was converted to a centered stream.
 */
export async function loadForTask(
  source: OpenModel,
  task: Task,
  seed: number,
): Promise<TaskModel> {
  requireUncentered(source);
  requireFit(source, task);
  const { model, note } = task.classes === undefined
    ? { model: source, note: undefined }
    : withClasses(source, task.classes, seed);
  const spec = taskSpec(model, task);
  const parameters = await loadParameters({ spec, tensors: model.tensors });
  return { model, spec, parameters, notes: note === undefined ? [] : [note] };
}

const copied = (parameters: NamedTensors): NamedTensors =>
  mapTree<NamedTensors, Tensor>(parameters, (leaf) => leaf.clone());

/** Settings with every choice made. */
function complete(settings: TaskTuning, numbers: RunNumbers): TaskTuning {
  const { length: _, ...whole } = completed<TaskTuning & { readonly length?: number }>(
    settings,
    numbers,
  );
  return { dropout: 0, ...whole };
}

/**
 * Trains a described model further for a task. Buffers, and positions that were computed, stay as they are; dropout is what the settings
 * say, else none. The record's first row, of kind `baseline`, is what is reached without looking at the input.
 *
 * @param given The model and the parameters to start from, which are copied; {@linkcode loadForTask} reads those of a folder.
 * @param task The task on its data.
 * @param settings Optimizer, schedule, seed, steps and batch.
 * @param options Signal, callbacks, a probe.
 * @returns The parameters and the record.
 * @throws {OutOfMemoryError} If there is no room for the parameters. A memory that is full later ends the run (`stopped`).
 * @throws {InterruptedError} If the notebook's kernel that it runs in is interrupted.
 * @throws {RangeError} If a setting is unknown or out of range, or is for another task.
 */
export async function fineTuneTask<B>(
  { spec, parameters }: Pick<TaskModel, "spec" | "parameters">,
  task: Task<B>,
  settings: TaskTuning,
  options: FineTuneTaskOptions = {},
): Promise<FineTuneTaskResult> {
  requireTaskTuning("fineTuneTask()", settings, task);
  requireOptions("fineTuneTask()", options, optionKinds);
  const dropout = requireNumber("dropout", settings.dropout ?? 0, { min: 0, below: 1 });
  const numbers = runNumbers(settings, task.length);
  const { probe, probes, signal, onRow, state, source, label, command, commit } = options;
  const backend = tf.getBackend();
  const known = determinedBy(settings, complete(settings, numbers), task.data, {
    spec,
    backend,
    start: await hashOfParameters(parameters),
    probes: probes ?? sourceOf(probe),
  });
  const { trained, frozen } = parted(parameters, spec);
  const { parameters: learned, rows, ...facts } = await runTraining(
    subjectOf(task, { spec, dropout }, numbers, { start: () => copied(trained), frozen, probe }),
    { settings, numbers, signal, onRow, state, determines: known.determines },
  );
  const [stack] = Object.values(spec.stacks);
  const manifest = manifestOf({
    ...facts,
    variant: stack!.residual.id,
    ownVariant: false,
    known,
    probes,
    source,
    backend,
    label,
    command,
    commit,
  });
  return { parameters: { ...copied(frozen), ...learned }, record: { manifest, rows } };
}
