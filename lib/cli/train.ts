// `normkit train`: one or more variants on a text, each to a run record and a file of parameters.

import { useBackend } from "../kernels/use_backend.ts";
import { platform } from "../platform/mod.ts";
import { findResidual } from "../residual/registry.ts";
import { type Corpus, readCorpus } from "../train/corpus.ts";
import { mobyDick } from "../data/moby_dick.ts";
import type { TrainSettings } from "../train/record.ts";
import {
  type Arguments,
  backendOption,
  choiceOption,
  type Command,
  flag,
  numberOption,
  type Outcome,
  stringOptions,
  textOption,
  understood,
  UsageError,
} from "./command.ts";
import { type Finisher, requireNoRuns, trainVariants } from "./race.ts";
import { commandLine } from "./shell.ts";
import { textHelp, textOptions, textOptionsOf } from "./text_options.ts";
import { fineTuneFolder } from "./fine_tune.ts";
import { given, runSettingsFrom } from "./training_settings.ts";

function settingsFrom(args: Arguments): TrainSettings {
  const number = (name: string): number | undefined => numberOption(args, name);
  const context = number("context") ?? 64;
  return {
    model: {
      context,
      width: number("width") ?? 64,
      depth: number("depth") ?? 8,
      heads: number("heads") ?? 4,
      bias: false,
      ...given("norm", choiceOption(args, "norm", ["layer", "rms", "crms", "crms-padded"])),
      ...given("positions", choiceOption(args, "positions", ["learned", "rotary"])),
      activation: "relu",
      ...given("activation", choiceOption(args, "activation", ["gelu", "relu", "swiglu"])),
      ...given("init", choiceOption(args, "init", ["xavier", "normal"])),
      ...given("dropout", number("dropout")),
    },
    ...runSettingsFrom(args, 3e-3),
  };
}

async function corpusFrom(args: Arguments): Promise<Corpus> {
  const path = textOption(args, "text");
  return path === undefined ? await mobyDick() : await readCorpus(path, textOptionsOf(args));
}

/** The variants that are named, each once. */
function variantsFrom({ words }: Arguments): readonly string[] {
  const twice = words.find((word, at) => words.indexOf(word) !== at);
  if (twice !== undefined) throw new UsageError(`Cannot train ${twice} twice: name it once`);
  for (const word of words) understood(() => findResidual(word));
  return words.length === 0 ? ["pre-ln"] : words;
}

/** What `--json` writes of a run. */
function reportOf({ folder, record, misplaced }: Finisher): object {
  const { variant, settings, parameters, stopped } = record.manifest;
  const last = record.rows.findLast(({ kind }) => kind === "evaluation");
  return {
    variant,
    run: `${folder}/${variant}`,
    steps: settings.steps,
    parameters,
    heldOut: { nats: last?.["nats"], bitsPerByte: last?.["bitsPerByte"] },
    ...(stopped === undefined ? {} : { stopped }),
    ...(misplaced === undefined ? {} : { misplaced }),
  };
}

function outcomeOf(out: string, asked: number, made: readonly Finisher[]): Outcome {
  const here = made.filter(({ misplaced }) => misplaced === undefined).length;
  const ended = made.filter(({ record }) => record.manifest.stopped === undefined).length;
  return {
    code: here === asked && ended === asked ? 0 : 1,
    report: { out, runs: made.map(reportOf) },
    text: `Wrote ${here} run${here === 1 ? "" : "s"} to ${out}`,
  };
}

/** `normkit train`: its help, its options, and the run. */
export const trainCommand: Command = {
  summary: "train residual variants on a text",
  help: `Usage: normkit train [VARIANT …] [options]

Trains each variant (pre-ln by default; any id, with +gpas for gates, or +gpas-tanh-site for gates of tanh, one for each sub-layer)
and writes OUT/VARIANT.jsonl (rows), .json (manifest) and .safetensors (parameters).

With --from, trains the language model in the folder DIR further, on FILE by DIR's tokenizer.json, and writes the new folder OUT: the
same tensors in the same dtypes, config.json and what lies beside it as they are, training.jsonl (rows) and training.json (manifest).

  --from DIR           a folder as Hugging Face publishes it, or a run; --text and --out are then needed

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
  --evaluate-every N   steps between evaluations and probes (at the end only)
  --seed N             seed of everything random (0)
  --backend NAME       auto, webgpu, wasm or cpu (auto)
  --force              replace runs of these names in OUT; without it they are refused, even those of the same settings
  --json               one JSON object at the end, no bar; the rows are in OUT/VARIANT.jsonl

With --from the rate is 0.00005 by default, T is the tokens of a row (64, or the context if that is shorter), nothing is dropped unless
--dropout says so, and what would change the model (--depth, --width, --heads, --norm, --positions, --activation, --init) is refused.

Ctrl-C ends the run under way after its step, writes it and starts no other (exit code 1); a second one ends at once and writes
nothing. A run that cannot be written to OUT goes to a new temporary folder, which is named (exit code 1).

Examples:
  normkit train
  normkit train post-ln pre-ln pre-ln+gpas --steps 300 --evaluate-every 50
  normkit train deep-norm --text my.txt --norm rms --positions rotary --json
  normkit train --from gpt2 --text my.txt --out gpt2-mine --steps 100 --context 128 --rows 4`,
  options: {
    ...stringOptions(
      "from text out steps rate schedule warmup depth width heads context norm positions activation init dropout rows clip " +
        "clip-gates evaluate-every seed backend",
    ),
    ...textOptions,
    force: { type: "boolean" },
    json: { type: "boolean" },
  },
  stopsInOrder: true,
  run: async (args, signal) => {
    const from = textOption(args, "from");
    if (from !== undefined) return await fineTuneFolder(from, args, signal);
    const variants = variantsFrom(args);
    const [wanted, asked] = [backendOption(args), settingsFrom(args)];
    const [json, force] = [flag(args, "json"), flag(args, "force")];
    const out = textOption(args, "out") ?? ".normkit/runs";
    if (!force) await requireNoRuns(out, variants);
    const corpus = await corpusFrom(args);
    const backend = await useBackend(wanted);
    const settings = { ...asked, reportEvery: backend.name === "webgpu" ? 10 : 1 };
    if (!json) console.log(`Training on ${backend.name} (${backend.reason}), text: ${corpus.name}`);
    const command = commandLine("normkit train", platform.words().slice(1));
    const race = { variants, settings, corpus, out, force, command, bars: !json, signal };
    return outcomeOf(out, variants.length, await trainVariants(race));
  },
};
