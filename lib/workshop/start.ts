// `deno task start`, the main job: train residual variants on Moby-Dick, execute the first notebook on the fresh runs, and
// make it a page. Everything goes to `.normkit/start` in the checkout.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { useBackend } from "../kernels/use_backend.ts";
import { exists, requireAbsent, writeAtomically } from "../platform/files.ts";
import { readTextFile } from "../platform/text_file.ts";
import { writeNotebook } from "./jupyter/notebook_file.ts";
import { notebookPage } from "./pages/page.ts";
import { mobyDick } from "../data/moby_dick.ts";
import type { TrainSettings } from "../train/record.ts";
import { checkout } from "./checkout.ts";
import {
  type Command,
  type Outcome,
  requireWords,
  stringOptions,
  textOption,
} from "../cli/command.ts";
import { decoder } from "./figures/shared_settings.ts";
import { checkAndExecute } from "./notebooks.ts";
import { trainVariants } from "../cli/race.ts";
import { decoderTraining } from "../cli/train_decoders.ts";
import { exitCodes } from "../cli/run.ts";
import { runTask } from "./task.ts";
import { commandLine } from "../cli/shell.ts";

/** The variants of the first notebook; every one of the registry can be trained with `normkit train`. */
const variants = ["post-ln", "pre-ln", "pre-ln+gpas", "deep-norm", "resi-dual", "peri-ln"];

/** A rate high enough that Post-LN without warm-up fails. */
const settings: TrainSettings = {
  model: decoder,
  schedule: { kind: "constant", peak: 3e-3, warmup: 1 },
  seed: 0,
  steps: 100,
  rows: 8,
  evaluateEvery: 25,
  evaluationBatches: 4,
};

const task = "deno task start";
const standard = ".normkit/start";

/** Removes the runs of an earlier start from a folder: those whose manifests say so, and no other. */
export async function removeOwnRuns(folder: string): Promise<void> {
  if (!await exists(folder)) return;
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".json")) continue;
    const path = `${folder}/${name}`;
    if (await commandOf(path) !== task) continue;
    for (const ending of [".json", ".jsonl", ".safetensors"]) {
      await Deno.remove(path.replace(/\.json$/, ending)).catch(() => {}); // it need not be there
    }
  }
}

/** The command in a manifest; undefined where the file is none. */
async function commandOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readTextFile(path))?.command;
  } catch {
    return undefined;
  }
}

/** Executes the first notebook on runs, and makes it a page. */
async function writePage(runs: string, out: string): Promise<string> {
  const notebook = await checkAndExecute(`${checkout}/notebooks/00_start_here.ipynb`, {
    env: { NORMKIT_RUNS: runs },
  });
  await writeNotebook(`${out}/00_start_here.ipynb`, notebook);
  const page = `${out}/00_start_here.html`;
  await writeAtomically(page, await notebookPage(notebook, { footer: `Made by ${task}` }));
  return page;
}

async function start(folder: string | undefined, signal: AbortSignal): Promise<Outcome> {
  const shown = folder ?? standard;
  const out = folder === undefined ? resolve(checkout, standard) : resolve(folder);
  const runs = `${out}/runs`;
  if (folder === undefined) await removeOwnRuns(runs);
  else await requireAbsent(out);
  console.log("1/3 Loading Moby-Dick");
  const { name } = await useBackend("wasm");
  const corpus = await mobyDick();
  const { model, steps } = settings;
  console.log(
    `2/3 Training ${variants.length} variants on ${name}: ${model.depth} layers, ${steps} steps each`,
  );
  const training = decoderTraining(settings, corpus, task);
  const race = { ...training, variants, out: runs, bars: true, signal };
  const made = await trainVariants({ ...race, force: folder === undefined });
  const missing = variants.length - made.filter(({ misplaced }) => misplaced === undefined).length;
  const report = { out };
  if (missing > 0 || signal.aborted) {
    return {
      code: exitCodes.failed,
      report,
      text: `Stopped; what was trained is in ${shown}/runs`,
    };
  }
  console.log("3/3 Executing notebooks/00_start_here.ipynb with the Deno kernel");
  const page = await writePage(runs, out);
  const generate = commandLine("deno task normkit generate", [`${shown}/runs/pre-ln`]);
  return {
    report,
    text: `
Notebook  ${shown}/00_start_here.ipynb
Page      ${shown}/00_start_here.html   open ${pathToFileURL(page)}
Runs      ${shown}/runs   try: ${generate}`,
  };
}

/** `deno task start`: its help, its options, and the run. */
export const startCommand: Command = {
  summary: "the main job",
  help: `Usage: deno task start [options]

Trains six residual variants on Moby-Dick, executes the first notebook on the fresh runs and makes a page of it. What an earlier start left in ${standard} is replaced.

  --out DIR   where everything goes, a folder that must not exist yet; ${standard} in the checkout by default

Examples:
  deno task start
  deno task start --out .normkit/second`,
  options: stringOptions("out"),
  stopsInOrder: true,
  run: async (args, signal) => {
    requireWords(args, []);
    return await start(textOption(args, "out"), signal);
  },
};

if (import.meta.main) Deno.exit(await runTask("start", startCommand, Deno.args));
