// A sweep that is ready: its cells, each named by the hash of all that determines it, and what trains them.

import { canonicalJson } from "../core/json.ts";
import { shown } from "../core/options.ts";
import { isJsonObject, type Json, merged, settingAt, valueAt } from "../core/settings.ts";
import { mobyDick } from "../data/moby_dick.ts";
import { readJson } from "../platform/json_file.ts";
import { completeTask, readTask } from "../tasks/registry.ts";
import type { OpenTaskSettings, TaskSettings } from "../tasks/settings.ts";
import type { RunNumbers } from "../train/complete_settings.ts";
import { readCorpus } from "../train/corpus.ts";
import type { TrainSettings } from "../train/record.ts";
import { requireSweep, type SweepFile, usualMeasure } from "./file.ts";
import { usualBackend } from "./made.ts";
import { type Point, pointsOf } from "./points.ts";
import {
  type Cell,
  decoderTrainer,
  taskTrainer,
  type Trainer,
  type VariantSettings,
} from "./trainer.ts";

/** A cell of a sweep. Its name is the beginning of the hash of all that determines it. */
export interface SweepCell extends Cell {
  /** What tells it from the others. */
  readonly point: Point;
  /** The hash of all that determines it. */
  readonly determines: string;
}

/** A sweep that is ready to run. */
export interface Sweep {
  /** What its file says. */
  readonly file: SweepFile;
  /** The path of the file. */
  readonly path: string;
  /** Its cells, in the order of their points; of those that are equal but for how they are written, the first. */
  readonly cells: readonly SweepCell[];
  /** What trains them. */
  readonly trainer: Trainer;
}

/** Digits of the hash that name a cell: 10⁴ cells have one name twice once in 10¹¹ sweeps, and that is refused. */
const nameDigits = 16;

/** Settings with the values of a point. A decay ends with the last step, unless they say otherwise. */
function settingsAt({ settings }: SweepFile, point: Point): VariantSettings {
  const whole = Object.entries(point).reduce<Json>(
    (one, [place, value]) => merged(one, settingAt(place, value)),
    settings,
  );
  if (Object.hasOwn(whole, "task")) return completeTask(whole as unknown as OpenTaskSettings);
  const decays = ["linear", "cosine"].includes(String(valueAt(whole, "schedule.kind")));
  const isOpen = decays && valueAt(whole, "schedule.steps") === undefined;
  const ended = isOpen ? merged(whole, { schedule: { steps: whole["steps"] } }) : whole;
  if (isJsonObject(ended["model"]) && isJsonObject(ended["schedule"])) {
    return ended as unknown as TrainSettings;
  }
  throw new RangeError(
    "Cannot train a decoder without model and schedule: they must be objects of settings",
  );
}

/** What of settings says which data they are for. */
const dataOf = ({ task, data, objective }: Partial<TaskSettings>): string =>
  canonicalJson({ task, data, objective });

async function readTrainer(file: SweepFile, settings: VariantSettings): Promise<Trainer> {
  const { text, digits } = file;
  if (Object.hasOwn(settings, "task")) {
    return taskTrainer(await readTask(settings as TaskSettings), digits) as Trainer;
  }
  const { file: path, ...options } = text ?? { file: "" };
  const corpus = text === undefined ? await mobyDick() : await readCorpus(path, options);
  return decoderTrainer(corpus, file) as Trainer;
}

/** What trains cells of some data, which has what the sweep compares. */
async function trainerOf(
  of: string,
  file: SweepFile,
  settings: VariantSettings,
): Promise<Trainer> {
  const { measure = usualMeasure } = file;
  const trainer = await readTrainer(file, settings);
  if (trainer.measures.includes(measure)) return trainer;
  throw new RangeError(
    `Cannot use measure = ${shown(measure)} of ${of}: it must be one of ${
      trainer.measures.join(", ")
    }, which evaluations of these cells have`,
  );
}

/** Says which point it is that cannot be trained. */
function atPoint<T>(of: string, point: Point, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const words = Object.entries(point).map(([place, value]) =>
      `${place} = ${JSON.stringify(value)}`
    );
    throw new RangeError(`${error.message} (${of}, at ${words.join(", ")})`, { cause: error });
  }
}

/**
 * Makes a sweep ready: reads its data, and checks the settings of every cell.
 *
 * @param found The sweep, as its file has it.
 * @param path Its path, for messages.
 * @returns The sweep.
 * @throws {RangeError} If a field or a setting is unknown or out of range; the message names it and the cell.
 */
export async function makeSweep(found: SweepFile, path = "the sweep"): Promise<Sweep> {
  const file = requireSweep(path, found);
  const { backend = usualBackend } = file;
  const trainers = new Map<string, Trainer>();
  const cells = new Map<string, SweepCell>();
  for (const point of pointsOf(file)) {
    const settings = atPoint(path, point, () => settingsAt(file, point));
    const data = dataOf(settings as Partial<TaskSettings>);
    const trainer = trainers.get(data) ?? await trainerOf(path, file, settings);
    trainers.set(data, trainer);
    const determines = atPoint(path, point, () => {
      requireRungs(file, trainer.numbersOf({ name: "", settings }));
      return trainer.hashOf({ name: "", settings }, backend);
    });
    const name = determines.slice(0, nameDigits);
    const known = cells.get(name)?.determines ?? determines;
    if (known !== determines) {
      throw new RangeError(
        `Cannot name two cells of ${path} ${name}: change one of their settings`,
      );
    }
    if (!cells.has(name)) cells.set(name, { name, settings, point, determines });
  }
  const trainerFor = ({ settings }: Cell): Trainer =>
    trainers.get(dataOf(settings as Partial<TaskSettings>))!;
  const [first] = trainers.values();
  return {
    file,
    path,
    cells: [...cells.values()],
    trainer: {
      ...first!,
      hashOf: (cell, backend) =>
        (cell as SweepCell).determines ?? trainerFor(cell).hashOf(cell, backend),
      numbersOf: (cell) => trainerFor(cell).numbersOf(cell),
      train: (cell, options) => trainerFor(cell).train(cell, options),
    },
  };
}

/** Cells are compared at evaluations alone, and before their end. */
function requireRungs({ halving }: SweepFile, { evaluateEvery, steps }: RunNumbers): void {
  for (const step of halving?.steps ?? []) {
    if (step >= steps) {
      throw new RangeError(
        `Cannot halve at step ${step}: it must be before the last, which is ${steps}`,
      );
    }
    if (step % evaluateEvery === 0) continue;
    throw new RangeError(
      `Cannot halve at step ${step}: it must be one with an evaluation, of which there is one every ${evaluateEvery} steps (evaluateEvery)`,
    );
  }
}

/**
 * Reads the file of a sweep, and makes it ready.
 *
 * @param path The file.
 * @returns The sweep.
 * @throws {RangeError} If a field or a setting is unknown or out of range.
 * @throws {SyntaxError} If it is not JSON.
 */
export async function readSweep(path: string): Promise<Sweep> {
  return await makeSweep(await readJson(path) as SweepFile, path);
}
