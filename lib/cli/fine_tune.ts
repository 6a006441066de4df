// `normkit train --from DIR`: a language model in a folder, trained further into a new folder.

import { disposeTree } from "../core/tree.ts";
import type { NamedTensors } from "../decoder/described.ts";
import { type OpenModel, openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { commitOf } from "../platform/commit.ts";
import { exists, prepareFolder, requireAbsent } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { withoutEnd } from "../platform/path.ts";
import { type Corpus, encodeCorpus } from "../train/corpus.ts";
import { fineTune, type FineTuneResult } from "../train/fine_tune.ts";
import { loadTrainable, saveFineTuned, type Trainable } from "../train/fine_tune_folder.ts";
import type { AnyRunRecord, FineTuneSettings } from "../train/record.ts";
import { readText } from "../train/text.ts";
import type { Tokenizer } from "../train/tokenizer.ts";
import { dirname } from "node:path";
import {
  type Arguments,
  backendOption,
  flag,
  numberOption,
  type Outcome,
  textOption,
  UsageError,
} from "./command.ts";
import { commandLine } from "./shell.ts";
import { textOptionsOf } from "./text_options.ts";
import { openTokenizer } from "./tokenize.ts";
import { trainingBar } from "./training_bar.ts";
import { given, runSettingsFrom } from "./training_settings.ts";

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

function requireText(args: Arguments, name: string): string {
  const value = textOption(args, name);
  if (value === undefined) throw new UsageError(`Cannot train --from a folder without --${name}`);
  return value;
}

/** The text in the model's tokens. */
async function corpusOf(
  source: OpenModel,
  path: string,
  args: Arguments,
  vocabulary: number,
): Promise<Corpus<Tokenizer>> {
  const { encode, decode } = await openTokenizer(source.path, source.config);
  const tokenizer: Tokenizer = {
    vocabulary,
    encode: (text) => Int32Array.from(encode(text)),
    decode: (tokens) => decode([...tokens]),
  };
  return encodeCorpus(await readText(path, textOptionsOf(args)), tokenizer, { name: path });
}

function settingsFrom(args: Arguments): (context: number) => FineTuneSettings {
  const settings = runSettingsFrom(args, 5e-5);
  const [length, dropout] = [numberOption(args, "context"), numberOption(args, "dropout")];
  return (context) => ({
    ...settings,
    length: length ?? Math.min(64, context),
    ...given("dropout", dropout),
  });
}

const textOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** Writes the folder; where it cannot be written, into a new folder of the system's temporary ones, so that it is not lost. */
async function keep(
  source: OpenModel,
  parameters: NamedTensors,
  record: AnyRunRecord,
  out: string,
): Promise<{ readonly folder: string; readonly misplaced?: string }> {
  try {
    await saveFineTuned(out, source, parameters, record);
    return { folder: out };
  } catch (error) {
    const temporary = await platform.makeTemporaryFolder("normkit-model-");
    const misplaced = `Cannot write the model into ${out}: ${textOf(error)}`;
    try {
      await saveFineTuned(`${temporary}/model`, source, parameters, record);
    } catch (second) {
      await platform.removeAll(temporary).catch(() => {});
      throw new Error(`${misplaced}; nor into ${temporary}: ${textOf(second)}`, { cause: error });
    }
    return { folder: `${temporary}/model`, misplaced };
  }
}

/** What a fine-tuning needs besides the model. */
interface Task {
  readonly from: string;
  readonly text: string;
  readonly out: string;
  readonly args: Arguments;
  readonly signal: AbortSignal;
}

async function trainLoaded(
  { from, text, args, signal }: Task,
  source: OpenModel,
  { parameters, model }: Trainable,
  settings: FineTuneSettings,
): Promise<FineTuneResult<Tokenizer>> {
  const corpus = await corpusOf(source, text, args, model.vocabulary);
  const commit = await commitOf();
  using bar = trainingBar(source.family.label, settings.steps, !flag(args, "json"));
  return await fineTune(parameters, model, settings, corpus, {
    signal,
    source: from,
    command: commandLine("normkit train", platform.words().slice(1)),
    ...(commit === undefined ? {} : { commit }),
    onRow: (row) => bar.onRow(row),
  });
}

function outcomeOf(
  { from, out }: Task,
  { manifest, rows }: AnyRunRecord,
  { folder, misplaced }: { readonly folder: string; readonly misplaced?: string },
): Outcome {
  const { stopped, settings, parameters } = manifest;
  const last = rows.findLast(({ kind }) => kind === "evaluation");
  if (stopped !== undefined) console.error(`  ${stopped.message}`);
  if (misplaced !== undefined) console.error(`  ${misplaced}; it is in ${folder} instead`);
  return {
    code: stopped === undefined && misplaced === undefined ? 0 : 1,
    report: {
      from,
      out,
      folder,
      steps: settings.steps,
      parameters,
      heldOut: { nats: last?.["nats"], bitsPerByte: last?.["bitsPerByte"] },
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
 * @returns What was done; it has failed where the training was stopped early or the model is not where it belongs.
 * @throws {UsageError} If an option does not go with it, or one that it needs is absent.
 * @throws {RangeError} If the model, the text or a value cannot be used, or the new folder is there already.
 */
export async function fineTuneFolder(
  from: string,
  args: Arguments,
  signal: AbortSignal,
): Promise<Outcome> {
  requireFitting(args);
  const task = {
    from,
    text: requireText(args, "text"),
    out: requireText(args, "out"),
    args,
    signal,
  };
  const [settingsFor, backend] = [settingsFrom(args), backendOption(args)];
  await requireFree(task.out);
  using source = await openModel(from);
  await using _around = await prepareFolder(dirname(withoutEnd(task.out)));
  const { name, reason } = await useBackend(backend);
  if (!flag(args, "json")) console.log(`Training on ${name} (${reason}), text: ${task.text}`);
  const loaded = await loadTrainable(source);
  try {
    const settings = {
      ...settingsFor(loaded.model.context),
      reportEvery: name === "webgpu" ? 10 : 1,
    };
    const { parameters, record } = await trainLoaded(task, source, loaded, settings);
    try {
      return outcomeOf(task, record, await keep(source, parameters, record, task.out));
    } finally {
      disposeTree(parameters);
    }
  } finally {
    disposeTree(loaded.parameters);
  }
}
