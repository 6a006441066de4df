// `normkit train`: one or more variants on a text, each to a run record and a file of parameters.

import { useBackend } from "../kernels/use_backend.ts";
import { prepareFolder } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { findResidual } from "../residual/registry.ts";
import { type Corpus, readCorpus } from "../train/corpus.ts";
import { mobyDick } from "../data/moby_dick.ts";
import { taskIds, tuningIds } from "../tasks/registry.ts";
import type { Row, TrainSettings } from "../train/record.ts";
import { underWay } from "../train/state_folder.ts";
import {
  type Arguments,
  backendOption,
  type Command,
  countOption,
  flag,
  listOption,
  numberOption,
  type Outcome,
  parse,
  stringOptions,
  textOption,
  understood,
  UsageError,
} from "./command.ts";
import { type Finisher, type Race, requireNoRuns, trainVariants } from "./race.ts";
import { commandLine } from "./shell.ts";
import { type Asked, codeAtEnd, findAsked, TrainingPlan } from "./training_plan.ts";
import { textHelp, textOptions, textOptionsOf } from "./text_options.ts";
import { fineTuneFolder } from "./fine_tune.ts";
import { prepareTask } from "./fine_tune_task.ts";
import { prepareText } from "./fine_tune_text.ts";
import { decoderTraining } from "./train_decoders.ts";
import { taskSettings, taskTraining } from "./train_tasks.ts";
import { modelOptionsFrom, runSettingsFrom } from "./training_settings.ts";

function settingsFrom(args: Arguments): TrainSettings {
  const number = (name: string): number | undefined => numberOption(args, name);
  const context = number("context") ?? 64;
  return {
    model: {
      context,
      width: 64,
      depth: number("depth") ?? 8,
      heads: 4,
      bias: false,
      activation: "relu",
      ...modelOptionsFrom(args),
    },
    ...runSettingsFrom(args, 3e-3),
  };
}

async function corpusFrom(args: Arguments): Promise<Corpus> {
  const [path, how] = [textOption(args, "text"), textOptionsOf(args)];
  return path === undefined ? await mobyDick() : await readCorpus(path, how);
}

/** What is to be trained: settings, and how its data are prepared, with the steps between reads of the loss. */
interface Training {
  readonly settings: { readonly model: { readonly residual?: string } };
  prepare(
    reportEvery: number,
  ): Promise<Pick<Race, "steps" | "perStep" | "train"> & { readonly data: string }>;
}

/** Whether settings of a task are given. */
function isForTask(args: Arguments): boolean {
  if (["task", "config"].some((name) => textOption(args, name) !== undefined)) return true;
  if (listOption(args, "set").length === 0) return false;
  throw new UsageError("Cannot use --set without --task or --config: it sets a key of those");
}

/** Decoders by options alone, or models for a task. */
async function askedFrom(args: Arguments): Promise<Training> {
  const command = commandLine("normkit train", args.given);
  if (isForTask(args)) {
    const settings = await taskSettings(args);
    return {
      settings,
      prepare: (reportEvery) => taskTraining({ reportEvery, ...settings }, command),
    };
  }
  const settings = settingsFrom(args);
  return {
    settings,
    prepare: async (reportEvery) => {
      const corpus = await corpusFrom(args);
      const training = decoderTraining({ ...settings, reportEvery }, corpus, command);
      return { ...training, data: corpus.name };
    },
  };
}

/** The variants that are named, each once, or the one of the settings. */
function variantsFrom({ words }: Arguments, residual = "pre-ln"): readonly string[] {
  const twice = words.find((word, at) => words.indexOf(word) !== at);
  if (twice !== undefined) throw new UsageError(`Cannot train ${twice} twice: name it once`);
  for (const word of words) understood(() => findResidual(word));
  return words.length === 0 ? [residual] : words;
}

/** What `--json` writes of a run. */
function reportOf({ folder, record, misplaced }: Finisher): object {
  const { variant, settings, parameters, stopped } = record.manifest;
  const { kind: _kind, step: _step, ...heldOut } =
    record.rows.findLast(({ kind }) => kind === "evaluation") ?? {} as Row;
  return {
    variant,
    run: `${folder}/${variant}`,
    steps: settings.steps,
    parameters,
    heldOut,
    ...(stopped === undefined ? {} : { stopped }),
    ...(misplaced === undefined ? {} : { misplaced }),
  };
}

/** The exit code: a run that is not where it belongs, or stopped by itself, is a failure; a signal is none. */
function codeOf(asked: number, made: readonly Finisher[], atSignal: number): number {
  const failed = made.some(({ record: { manifest: { stopped } }, misplaced }) =>
    misplaced !== undefined || (stopped !== undefined && stopped.reason !== "aborted")
  );
  if (failed) return 1;
  const ended = made.filter(({ record }) => record.manifest.stopped === undefined);
  return ended.length === asked ? 0 : atSignal;
}

function outcomeOf(out: string, code: number, made: readonly Finisher[]): Outcome {
  const here = made.filter(({ misplaced }) => misplaced === undefined).length;
  return {
    code,
    report: { out, runs: made.map(reportOf) },
    text: `Wrote ${here} run${here === 1 ? "" : "s"} to ${out}`,
  };
}

/** The arguments of a training that is gone on with. */
function resumedArguments(asked: Asked, { values, words }: Arguments, out: string): Arguments {
  const stranger = Object.keys(values).find((name) => !["resume", "json"].includes(name)) ??
    words[0];
  if (stranger !== undefined) {
    throw new UsageError(`Cannot use ${stranger} with --resume: the training goes on as it began`);
  }
  if (asked.folder !== platform.currentFolder()) {
    console.error(`It began in ${asked.folder}; relative paths are looked up here`);
  }
  const begun = parse(asked.words, trainCommand.options);
  return { ...begun, values: { ...begun.values, out, json: values["json"] } };
}

/** Trains what is asked for, or what of it is left. */
async function trainAsked(
  args: Arguments,
  signal: AbortSignal,
  begun: Asked | undefined,
): Promise<Outcome> {
  const from = textOption(args, "from");
  if (from !== undefined) {
    const prepare = isForTask(args) ? prepareTask : prepareText;
    return await fineTuneFolder(from, args, signal, prepare, begun);
  }
  const asked = await askedFrom(args);
  const variants = variantsFrom(args, asked.settings.model.residual);
  const wanted = backendOption(args);
  const [json, force] = [flag(args, "json"), flag(args, "force")];
  const out = textOption(args, "out") ?? ".normkit/runs";
  const every = countOption(args, "save-every");
  const written = [...begun?.done ?? [], ...begun?.begun ?? []];
  const fresh = variants.filter((variant) => !written.includes(variant));
  if (!force) await requireNoRuns(out, fresh);
  const backend = await useBackend(wanted);
  const { data, ...training } = await asked.prepare(backend.name === "webgpu" ? 10 : 1);
  await using _out = await prepareFolder(out);
  const how = { resumed: begun !== undefined, force, every };
  await using plan = await TrainingPlan.open(underWay.in(out), args.given, how);
  if (!json) console.log(`Training on ${backend.name} (${backend.reason}), data: ${data}`);
  const made = await trainVariants({
    ...training,
    variants,
    out,
    force,
    bars: !json,
    signal,
    plan,
  });
  const left = variants.filter((variant) => !plan.isDone(variant));
  if (signal.aborted && left.length > 0) plan.keepFor(out);
  const asking = left.length +
    made.filter(({ record }) => plan.isDone(record.manifest.variant)).length;
  return outcomeOf(out, codeOf(asking, made, codeAtEnd(signal, plan)), made);
}

/** `normkit train`: its help, its options, and the run. */
export const trainCommand: Command = {
  summary: "train residual variants on a text, or for a task",
  help: `Usage: normkit train [VARIANT …] [options]

Trains decoders on a text, or with --task or --config models for a task, of each variant (pre-ln by default; any id, with +gpas for gates, or +gpas-tanh-site for gates of tanh, one for each sub-layer)
and writes OUT/VARIANT.jsonl (rows), .json (manifest) and .safetensors (parameters); of byte pairs also .tokenizer.json.

With --from, trains the language model in the folder DIR further, on FILE by DIR's tokenizer.json, and writes the new folder OUT: the
same tensors in the same dtypes, config.json and what lies beside it as they are, training.jsonl (rows) and training.json (manifest).
With --task besides, trains a model of any kind for the task: BERT for masked-lm, BART for translation, ViT for image-classification.
A classifier of other classes than the data's gets a fresh head.

  --from DIR           a folder as Hugging Face publishes it, or a run; --text or --task, and --out, are then needed

  --task ID            ${taskIds.join(", ")}; with --from also
                       ${tuningIds.filter((id) => !taskIds.includes(id)).join(", ")} (Whisper)
  --config FILE        settings of a task (JSON with a key "task"); --set and the options below override them
  --set KEY=VALUE      one of these settings, such as --set model.patchSize=4; may be given several times

  --text FILE          text to train on, or a folder of *.txt; Moby-Dick by default
${textHelp}
  --out DIR            where to write; .normkit/runs by default
  --steps N            optimizer steps (200)
  --rate X             peak learning rate (0.003)
  --schedule KIND      constant, linear, cosine or inverse-square-root (constant)
  --warmup T           warm-up steps; 1 is none (1)
  --depth L --width D --heads H --context T    the model (8, 64, 4, 64)
  --norm KIND          layer, rms, crms or crms-padded (layer)
  --positions KIND     learned or rotary (learned)
  --activation KIND    gelu, relu or swiglu (relu)
  --init KIND          xavier or normal (the variant's own)
  --dropout P          share dropped (0)
  --rows B             rows of a batch (8)
  --clip X             limit of the gradient norm (none)
  --clip-gates X       limit of the gates' gradient norm (none)
  --checkpointing      compute the layers again for the gradient instead of keeping them: less memory, a third more time
  --evaluate-every N   steps between evaluations and probes (at the end only)
  --seed N             seed of everything random (0)
  --backend NAME       auto, webgpu, wasm or cpu (auto)
  --save-every N       steps between two states from which the training can go on (by default one takes less than 1 % of the time)
  --resume DIR         go on with the training into DIR that was ended before its last step; no other options but --json
  --spike X            a loss X nats above the median of the 16 before it has gone wrong, as one that is not finite has (none)
  --diverged WORD      what is done then: stop, or return to the last good state and go on with other batches, up to 3 times (stop)
  --force              replace runs of these names in OUT, and an unfinished training; without it they are refused, even those of the
                       same settings
  --json               one JSON object at the end, no bar; the rows are in OUT/VARIANT.jsonl

With --from the rate is 0.00005 by default, T is the tokens of a row (64, or the context if that is shorter), nothing is dropped unless
--dropout says so, and what would change the model (--depth, --width, --heads, --norm, --positions, --activation, --init) is refused.

While it trains, OUT/unfinished (beside a new folder, OUT.unfinished) has the rows and the last states. A process that is killed loses
the steps since the last of them; --resume goes on, and ends with the same record, bit for bit on wasm and cpu. Ctrl-C and SIGTERM
save the state after the step under way, write the run as it is and start no other (exit codes 0 and 143); a second Ctrl-C ends at
once. A run that cannot be written to OUT goes to a new temporary folder, which is named (exit code 1).

Examples:
  normkit train
  normkit train post-ln pre-ln pre-ln+gpas --steps 300 --evaluate-every 50
  normkit train deep-norm --text my.txt --norm rms --positions rotary --json
  normkit train post-ln pre-ln --task image-classification --steps 200
  normkit train --task keyword --set data.folder=speech_commands --out .normkit/keywords
  normkit train post-ln pre-ln --steps 100000 --out long; normkit train --resume long
  normkit train --from gpt2 --text my.txt --out gpt2-mine --steps 100 --context 128 --rows 4
  normkit train --from vit --task image-classification --set data.folder=photos --out vit-photos`,
  options: {
    ...stringOptions(
      "from task config text out steps rate schedule warmup depth width heads context norm positions activation init dropout rows clip " +
        "clip-gates evaluate-every seed backend resume save-every spike diverged",
    ),
    ...textOptions,
    set: { type: "string", multiple: true },
    checkpointing: { type: "boolean" },
    force: { type: "boolean" },
    json: { type: "boolean" },
  },
  stopsInOrder: true,
  run: async (args, signal) => {
    const resumed = textOption(args, "resume");
    if (resumed === undefined) return await trainAsked(args, signal, undefined);
    const asked = await findAsked(resumed);
    return await trainAsked(resumedArguments(asked, args, resumed), signal, asked);
  },
};
