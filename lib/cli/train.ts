// `normkit train`: one or more variants on a text, each to a run record and a file of parameters.

import { writeParameters } from "../checkpoint/parameters.ts";
import type { BackendName } from "../core/backend.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { disposeTree } from "../core/tree.ts";
import { probeAll } from "../probes/all.ts";
import { findResidual } from "../residual/registry.ts";
import { type Corpus, readCorpus } from "../train/corpus.ts";
import { mobyDick } from "../train/moby_dick.ts";
import { type RunRecord, type TrainSettings, writeRun } from "../train/record.ts";
import type { ScheduleKind } from "../train/schedule.ts";
import { train } from "../train/train.ts";
import { type Arguments, type Command, numberOption, textOption } from "./command.ts";
import { startProgress } from "./progress.ts";
import { textHelp, textOptions, textOptionsOf } from "./text_options.ts";
import { commandLine } from "./shell.ts";

/** What {@linkcode trainVariants} needs. */
export interface Race {
  /** Ids of the variants, trained one after the other. */
  readonly variants: readonly string[];
  /** The settings that they share. */
  readonly settings: TrainSettings;
  /** The text. */
  readonly corpus: Corpus;
  /** The folder of records and parameters. */
  readonly out: string;
  /** The command, for the manifests. */
  readonly command: string;
  /** Whether rows go to stdout as JSON Lines, instead of a bar. */
  readonly json: boolean;
}

/**
 * The commit of the code, for manifests.
 *
 * @returns Its short id, or undefined where there is no git.
 */
export async function currentCommit(): Promise<string | undefined> {
  try {
    const git = new Deno.Command("git", { args: ["rev-parse", "--short", "HEAD"], stderr: "null" });
    const { success, stdout } = await git.output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined; // no git here: the manifest does without
  }
}

/**
 * Trains variants one after the other and writes what they leave. An interrupt (Ctrl-C) ends the run under way after its
 * step, writes it, and starts no other.
 *
 * @param race The variants and what they share.
 * @returns The records.
 */
export async function trainVariants(race: Race): Promise<RunRecord[]> {
  const { settings, corpus, out, command, json } = race;
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  Deno.addSignalListener("SIGINT", interrupt);
  const commit = await currentCommit();
  const records: RunRecord[] = [];
  try {
    for (const variant of race.variants) {
      if (abort.signal.aborted) break;
      const bar = json ? undefined : startProgress(variant, settings.steps);
      const own: TrainSettings = { ...settings, model: { ...settings.model, residual: variant } };
      let heldOut = "";
      const { parameters, record } = await train(own, corpus, {
        signal: abort.signal,
        probe: probeAll,
        command,
        ...(commit === undefined ? {} : { commit }),
        onRow: (row) => {
          if (json) console.log(JSON.stringify({ variant, ...row }));
          if (row.kind === "evaluation") heldOut = `held out ${Number(row["nats"]).toFixed(3)}`;
          if (row.kind === "step") {
            bar?.update(row.step, `loss ${Number(row["loss"]).toFixed(3)} ${heldOut}`);
          }
          if (row.kind === "evaluation") bar?.update(row.step, heldOut);
          if (row.kind === "warning") console.error(`\n  warning: ${row["message"]}`);
        },
      });
      bar?.stop();
      if (record.manifest.stopped !== undefined) {
        console.error(`  ${variant}: ${record.manifest.stopped.message}`);
      }
      await writeRun(out, record);
      await writeParameters(`${out}/${variant}.safetensors`, parameters);
      disposeTree(parameters);
      records.push(record);
    }
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
  }
  return records;
}

function settingsFrom(args: Arguments): TrainSettings {
  const number = (name: string): number | undefined => numberOption(args, name);
  const text = (name: string): string | undefined => textOption(args, name);
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
      ...given("norm", text("norm")),
      ...given("positions", text("positions")),
      activation: "relu",
      ...given("activation", text("activation")),
      ...given("init", text("init")),
      ...given("dropout", number("dropout")),
    },
    schedule: {
      kind: (text("schedule") ?? "constant") as ScheduleKind,
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

const string = { type: "string" } as const;

/** The command. */
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
  --norm KIND          layer, rms or crms (layer)
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
  --json               rows as JSON Lines on stdout, no bar

Examples:
  normkit train
  normkit train post-ln pre-ln pre-ln+gpas --steps 300 --evaluate-every 50
  normkit train deep-norm --text my.txt --norm rms --positions rotary --json`,
  options: {
    ...Object.fromEntries(
      ("text out steps rate schedule warmup depth width heads context norm positions activation init dropout rows clip " +
        "clip-gates evaluate-every seed backend").split(" ").map((name) => [name, string]),
    ),
    ...textOptions,
    json: { type: "boolean" },
  },
  run: async (args) => {
    const variants = args.words.length === 0 ? ["pre-ln"] : args.words;
    for (const variant of variants) findResidual(variant);
    const json = args.values["json"] === true;
    const backend = await useBackend((textOption(args, "backend") ?? "auto") as BackendName);
    const settings = { ...settingsFrom(args), reportEvery: backend.name === "webgpu" ? 10 : 1 };
    const corpus = await corpusFrom(args);
    const out = textOption(args, "out") ?? ".normkit/runs";
    if (!json) console.log(`Training on ${backend.name} (${backend.reason}), text: ${corpus.name}`);
    const command = commandLine("normkit train", Deno.args.slice(1));
    const records = await trainVariants({ variants, settings, corpus, out, command, json });
    if (!json) {
      console.log(`Wrote ${records.length} run${records.length === 1 ? "" : "s"} to ${out}`);
    }
    return records.some(({ manifest }) => manifest.stopped !== undefined) ? 1 : 0;
  },
};
