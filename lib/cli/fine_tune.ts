// `normkit train --from DIR`: a model in a folder, trained further into a new folder: a language model on a text, or any for a task.

import { dirname } from "node:path";
import { disposeTree } from "../core/tree.ts";
import type { NamedTensors } from "../decoder/described.ts";
import type { Model } from "../families/model.ts";
import { type OpenModel, openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { commitOf } from "../platform/commit.ts";
import { exists, prepareFolder, requireAbsent } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { withoutEnd } from "../platform/path.ts";
import { saveFineTuned } from "../train/fine_tune_folder.ts";
import { type AnyRunRecord, type Row, tuningRun } from "../train/record.ts";
import { type RunLength, underWay } from "../train/state_folder.ts";
import type { TrainOptions } from "../train/train.ts";
import {
  type Arguments,
  backendOption,
  countOption,
  flag,
  type Outcome,
  textOption,
  UsageError,
} from "./command.ts";
import { commandLine } from "./shell.ts";
import { type Asked, codeAtEnd, TrainingPlan } from "./training_plan.ts";
import { trainingBar } from "./training_bar.ts";
import { given } from "./training_settings.ts";

/** Options that say what a model is; the one in the folder is what it is. A folder is never replaced either. */
const strangers = "depth width heads norm positions activation init force".split(" ");

function requireFitting({ values, words }: Arguments): void {
  if (words.length > 0) {
    throw new UsageError(
      `Cannot train ${words.join(" ")} with --from: the model in the folder has its own variant`,
    );
  }
  const stranger = strangers.find((name) => values[name] !== undefined);
  if (stranger === undefined) return;
  const why = stranger === "force"
    ? "the new folder must not exist yet"
    : "the model in the folder is trained as it is";
  throw new UsageError(`Cannot use --${stranger} with --from: ${why}`);
}

/**
 * The text of an option that must be there.
 *
 * @param args The arguments.
 * @param name The option.
 * @returns Its text.
 * @throws {UsageError} If it is absent.
 */
export function requireOption(args: Arguments, name: string): string {
  const value = textOption(args, name);
  if (value === undefined) throw new UsageError(`Cannot train --from a folder without --${name}`);
  return value;
}

/** What accompanies a fine-tuning. */
export type TuningOptions =
  & Pick<
    TrainOptions,
    "signal" | "onRow" | "state" | "command" | "commit"
  >
  & {
    readonly source: string;
  };

/** What a fine-tuning leaves. */
export interface Tuned {
  /** They are float32, and freed by who keeps them. */
  readonly parameters: NamedTensors;
  /** What was seen. */
  readonly record: AnyRunRecord;
}

/** A model on data, ready to be trained. */
export interface Tuning extends RunLength {
  /** The model: the one in the folder, or with another head. */
  readonly model: Model;
  /** Its parameters before; who trains frees them. */
  readonly parameters: NamedTensors;
  /** What was done to it, in sentences. */
  readonly notes: readonly string[];
  /** What the data are called. */
  readonly data: string;
  train(options: TuningOptions): Promise<Tuned>;
}

/** Looks at arguments; then reads the data of an open model, and its parameters. */
export type Prepare = (
  args: Arguments,
) => Promise<(source: OpenModel, reportEvery: number) => Promise<Tuning>>;

/** Where a model is from, and where it goes. */
interface Place {
  readonly from: string;
  readonly out: string;
}

const textOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** Writes the folder; where it cannot be written, into a new folder of the system's temporary ones, so that it is not lost. */
async function keep(
  source: OpenModel,
  { parameters, record }: Tuned,
  model: Model,
  out: string,
  plan: TrainingPlan,
): Promise<{ readonly folder: string; readonly misplaced?: string }> {
  try {
    if (plan.hasWritten(tuningRun)) await platform.removeAll(out).catch(() => {});
    if (!await exists(out)) await plan.writing(tuningRun);
    await saveFineTuned(out, source, parameters, record, model);
    return { folder: out };
  } catch (error) {
    const temporary = await platform.makeTemporaryFolder("normkit-model-");
    const misplaced = `Cannot write the model into ${out}: ${textOf(error)}`;
    try {
      await saveFineTuned(`${temporary}/model`, source, parameters, record, model);
    } catch (second) {
      await platform.removeAll(temporary).catch(() => {});
      throw new Error(`${misplaced}; nor into ${temporary}: ${textOf(second)}`, { cause: error });
    }
    return { folder: `${temporary}/model`, misplaced };
  }
}

function outcomeOf(
  { from, out }: Place,
  { manifest, rows }: AnyRunRecord,
  { folder, misplaced }: { readonly folder: string; readonly misplaced?: string },
  notes: readonly string[],
): Outcome {
  const { stopped, settings, parameters } = manifest;
  const { kind: _kind, step: _step, ...heldOut } =
    rows.findLast(({ kind }) => kind === "evaluation") ?? {} as Row;
  if (stopped !== undefined) console.error(`  ${stopped.message}`);
  if (misplaced !== undefined) console.error(`  ${misplaced}; it is in ${folder} instead`);
  return {
    code: stopped === undefined && misplaced === undefined ? 0 : 1,
    report: {
      from,
      out,
      folder,
      ...(notes.length === 0 ? {} : { notes }),
      steps: settings.steps,
      parameters,
      heldOut,
      ...given("stopped", stopped),
      ...given("misplaced", misplaced),
    },
    text: `Wrote the model to ${folder}`,
  };
}

/** Refuses names that are taken: of anything, or of a run, which nobody could open any more beside such a folder. */
async function requireFree(out: string): Promise<void> {
  await requireAbsent(out);
  const run = `${withoutEnd(out)}.json`;
  if (await exists(run)) {
    throw new RangeError(`Cannot write to ${out}: it is the name of a run, ${run}`);
  }
}

/**
 * Trains the model in a folder further.
 *
 * @param from The folder, or the path of a run without its ending.
 * @param args The arguments of `normkit train`.
 * @param signal Ends the training after the step under way; what it has is written.
 * @param prepare What it is trained on, as the arguments say.
 * @param begun What was asked for, where an unfinished training is gone on with.
 * @returns What was done; it has failed where the training was stopped early or the model is not where it belongs.
 * @throws {UsageError} If an option does not go with it, or one that it needs is absent.
 * @throws {RangeError} If the model, the data or a value cannot be used, or the new folder is there already.
 */
export async function fineTuneFolder(
  from: string,
  args: Arguments,
  signal: AbortSignal,
  prepare: Prepare,
  begun?: Asked,
): Promise<Outcome> {
  requireFitting(args);
  const every = countOption(args, "save-every");
  const tune = await prepare(args);
  const [out, backend] = [requireOption(args, "out"), backendOption(args)];
  if (begun?.begun.includes(tuningRun) !== true) await requireFree(out);
  using source = await openModel(from);
  await using _around = await prepareFolder(dirname(withoutEnd(out)));
  const { name, reason } = await useBackend(backend);
  const tuning = await tune(source, name === "webgpu" ? 10 : 1);
  const how = { resumed: begun !== undefined, force: false, every };
  await using plan = await TrainingPlan.open(underWay.beside(out), args.given, how);
  const bars = !flag(args, "json");
  if (bars) console.log(`Training on ${name} (${reason}), data: ${tuning.data}`);
  for (const note of bars ? tuning.notes : []) console.log(note);
  try {
    const commit = await commitOf();
    using bar = trainingBar(source.family.label, tuning, bars);
    const tuned = await tuning.train({
      signal,
      state: plan.statesOf(tuningRun),
      source: from,
      command: commandLine("normkit train", args.given),
      ...(commit === undefined ? {} : { commit }),
      onRow: (row) => bar.onRows([row]),
    });
    try {
      const kept = await keep(source, tuned, tuning.model, out, plan);
      const isAborted = tuned.record.manifest.stopped?.reason === "aborted";
      if (kept.misplaced === undefined) await plan.written(tuningRun, !isAborted);
      if (isAborted) plan.keepFor(out);
      const outcome = outcomeOf({ from, out }, tuned.record, kept, tuning.notes);
      const isSaved = isAborted && kept.misplaced === undefined;
      return isSaved ? { ...outcome, code: codeAtEnd(signal, plan) } : outcome;
    } finally {
      disposeTree(tuned.parameters);
    }
  } finally {
    disposeTree(tuning.parameters);
  }
}
