// `normkit train`: one or more variants on a text, each to a run record and a file of parameters.

import { useBackend } from "../kernels/use_backend.ts";
import { platform } from "../platform/mod.ts";
import { findResidual } from "../residual/registry.ts";
import { type Corpus, readCorpus } from "../train/corpus.ts";
import { mobyDick } from "../data/moby_dick.ts";
import type { TrainSettings } from "../train/record.ts";
import type { ScheduleKind } from "../train/schedule.ts";
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

const scheduleKinds: readonly ScheduleKind[] = [
  "constant",
  "linear",
  "cosine",
  "inverse-square-root",
];

function settingsFrom(args: Arguments): TrainSettings {
  const number = (name: string): number | undefined => numberOption(args, name);
  const given = <T>(name: string, value: T | undefined): Record<string, T> =>
    value === undefined ? {} : { [name]: value };
  const steps = number("steps") ?? 200;
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
    schedule: {
      kind: choiceOption(args, "schedule", scheduleKinds) ?? "constant",
      peak: number("rate") ?? 3e-3,
      warmup: number("warmup") ?? 1,
      steps,
    },
    seed: number("seed") ?? 0,
    steps,
    rows: number("rows") ?? 8,
    ...given("clip", number("clip")),
    ...given("clipGates", number("clip-gates")),
    ...given("evaluateEvery", number("evaluate-every")),
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

  --text FILE          text to train on; Moby-Dick by default
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

Ctrl-C ends the run under way after its step, writes it and starts no other (exit code 1); a second one ends at once and writes
nothing. A run that cannot be written to OUT goes to a new temporary folder, which is named (exit code 1).

Examples:
  normkit train
  normkit train post-ln pre-ln pre-ln+gpas --steps 300 --evaluate-every 50
  normkit train deep-norm --text my.txt --norm rms --positions rotary --json`,
  options: {
    ...stringOptions(
      "text out steps rate schedule warmup depth width heads context norm positions activation init dropout rows clip " +
        "clip-gates evaluate-every seed backend",
    ),
    ...textOptions,
    force: { type: "boolean" },
    json: { type: "boolean" },
  },
  stopsInOrder: true,
  run: async (args, signal) => {
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
