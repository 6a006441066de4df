// How the models of a race are trained for a task: by a file of settings, by options, by both.

import { isJsonObject, type Json, merged, settingAt, valueAt } from "../core/settings.ts";
import { readJson } from "../platform/json_file.ts";
import { completeTask, readTask } from "../tasks/registry.ts";
import type { OpenTaskSettings, TaskSettings } from "../tasks/settings.ts";
import { trainTask } from "../tasks/train_task.ts";
import { amountOfStep } from "../train/subject.ts";
import {
  type Arguments,
  choiceOption,
  flag,
  listOption,
  numberOption,
  numberOptions,
  textOption,
  UsageError,
} from "./command.ts";
import { everyProbe, type Race } from "./race.ts";
import { divergenceFrom, given, modelOptionsFrom, scheduleKinds } from "./training_settings.ts";

/** `--set KEY=VALUE`: a place such as `model.depth`, and JSON or a text. */
function setting(word: string): Json {
  const [, place, text] = /^([\w.]+)=(.+)$/s.exec(word) ?? [];
  if (place === undefined || text === undefined) {
    throw new UsageError(`Cannot read --set ${word}: it must be KEY=VALUE, such as model.depth=2`);
  }
  return settingAt(place, valueOf(text));
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a word, such as a path
  }
}

/** The depth of every stack that the settings' model has. */
function depthsFrom(args: Arguments, model: object): Json {
  const depth = numberOption(args, "depth");
  if (depth === undefined) return {};
  const stacks = Object.keys(model).filter((name) => /depth$/i.test(name));
  return Object.fromEntries(
    (stacks.length === 0 ? ["depth"] : stacks).map((name) => [name, depth]),
  );
}

/** The settings that options give. */
function settingsFrom(args: Arguments): Json {
  const schedule = {
    ...given("kind", choiceOption(args, "schedule", scheduleKinds)),
    ...given("peak", numberOption(args, "rate")),
    ...given("warmup", numberOption(args, "warmup")),
  };
  const data = {
    ...given("text", textOption(args, "text")),
    ...given("length", numberOption(args, "context")),
    ...given("encoding", textOption(args, "encoding")),
    ...given("keepLineEnds", flag(args, "keep-line-ends") || undefined),
  };
  return {
    ...numberOptions(args, ["steps", "rows", "clip", "seed"]),
    ...given("checkpointing", flag(args, "checkpointing") || undefined),
    ...given("clipGates", numberOption(args, "clip-gates")),
    ...given("evaluateEvery", numberOption(args, "evaluate-every")),
    ...divergenceFrom(args) as Json,
    ...(Object.keys(schedule).length === 0 ? {} : { schedule }),
    ...(Object.keys(data).length === 0 ? {} : { data }),
    model: modelOptionsFrom(args),
  };
}

async function settingsIn(path: string): Promise<Json> {
  const settings = await readJson(path);
  if (!isJsonObject(settings)) {
    throw new RangeError(`Cannot use ${path}: settings must be an object with a key "task"`);
  }
  completeTask(settings as unknown as OpenTaskSettings, path); // says of the file what is wrong with it
  return settings;
}

/** The number at a place of settings, if there is one. */
function numberAt(settings: Json, place: string): number | undefined {
  const found = valueAt(settings, place);
  return typeof found === "number" ? found : undefined;
}

/** A file's settings for the options over them: its warm-up is no longer than the run that they ask for, which is said. */
function fitted(file: Json, path: string, over: Json): Json {
  const [steps, warmup] = [numberAt(over, "steps"), numberAt(file, "schedule.warmup")];
  const isOver = numberAt(over, "schedule.warmup") !== undefined;
  if (steps === undefined || warmup === undefined || isOver || warmup <= steps) return file;
  console.error(`The warm-up of ${warmup} steps in ${path} is shortened: the run has ${steps}`);
  return merged(file, { schedule: { warmup: Math.max(1, steps) } });
}

/** Requires a file of the task that options name: data and model of another task have other keys. */
function requireTaskOf(file: Json, path: string, { task: asked = file["task"] }: Json): void {
  const task = file["task"];
  if (asked === task) return;
  throw new UsageError(
    `Cannot use --config ${path} for the task ${asked}: its settings are of ${task}; leave --task out, or name the task in a ` +
      `copy of the file, whose data, objective and model may then need other keys`,
  );
}

/** The settings in a file, for those over them. */
async function settingsUnder(path: string, over: Json): Promise<Json> {
  const file = await settingsIn(path);
  requireTaskOf(file, path, over);
  return fitted(file, path, over);
}

/** What is asked of settings besides. */
export interface Asking {
  /** Settings that stand in where those given leave them open, before the task's own. */
  readonly defaults?: Json;
  /** Refuses settings, before what they leave open is added. */
  readonly requireGiven?: (given: Json) => void;
}

/**
 * The settings of a task's training: those of `--config`, over them those of `--set`, over them the other options.
 *
 * @param args The arguments.
 * @param asking What is asked of them besides.
 * @returns The settings, complete.
 * @throws {UsageError} If an option is not understood.
 * @throws {RangeError} If there is no such task, a key is unknown, or a value is of another kind.
 * @throws {SyntaxError} If the file is not JSON.
 */
export async function taskSettings(
  args: Arguments,
  { defaults = {}, requireGiven }: Asking = {},
): Promise<TaskSettings> {
  const path = textOption(args, "config");
  const over = [
    ...listOption(args, "set").map(setting),
    given("task", textOption(args, "task")),
    settingsFrom(args),
  ].reduce(merged);
  const asked = path === undefined ? over : merged(await settingsUnder(path, over), over);
  requireGiven?.(asked);
  const complete = completeTask(
    merged(defaults, asked) as unknown as OpenTaskSettings,
    "normkit train",
  );
  return { ...complete, model: { ...complete.model, ...depthsFrom(args, complete.model) } };
}

/**
 * The training of models for a task.
 *
 * @param settings The settings that they share.
 * @param command The command, for the manifests.
 * @returns What a race needs of it, and the name of the data.
 * @throws {RangeError} If the data cannot be read.
 */
export async function taskTraining(
  settings: TaskSettings,
  command: string,
): Promise<Pick<Race, "steps" | "perStep" | "train"> & { readonly data: string }> {
  const task = await readTask(settings);
  const { model, steps } = settings;
  return {
    data: task.data.name,
    steps,
    perStep: amountOfStep(task.example, settings),
    train: (residual, listen) =>
      trainTask(task, { ...settings, model: { ...model, residual } }, {
        ...listen,
        ...everyProbe,
        command,
      }),
  };
}
