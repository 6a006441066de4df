// `deno task start`, the main job: train residual variants on Moby-Dick, execute the first notebook on the fresh runs, and
// make it a page. Everything goes to `.normkit/start` in the checkout.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { useBackend } from "../kernels/use_backend.ts";
import { writeAtomically } from "../core/files.ts";
import { writeNotebook } from "../jupyter/notebook_file.ts";
import { notebookPage } from "../jupyter/page.ts";
import { mobyDick } from "../train/moby_dick.ts";
import type { TrainSettings } from "../train/record.ts";
import { checkout } from "./checkout.ts";
import { decoder } from "./figures/setting.ts";
import { checkAndExecute } from "./notebooks.ts";
import { commandLine } from "./shell.ts";
import { trainVariants } from "./train.ts";

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

if (import.meta.main) {
  const folder = Deno.args[0] ?? ".normkit/start";
  const out = resolve(checkout, folder);
  const runs = `${out}/runs`;
  console.log("1/3 Loading Moby-Dick");
  const { name } = await useBackend("wasm");
  const corpus = await mobyDick();
  const { model, steps } = settings;
  console.log(
    `2/3 Training ${variants.length} variants on ${name}: ${model.depth} layers, ${steps} steps each`,
  );
  await Deno.remove(runs, { recursive: true }).catch(() => {}); // runs of an earlier start
  const records = await trainVariants({
    variants,
    settings,
    corpus,
    out: runs,
    command: "deno task start",
    json: false,
  });
  if (records.length < variants.length) Deno.exit(130); // interrupted
  console.log("3/3 Executing notebooks/00_start_here.ipynb with the Deno kernel");
  const notebook = await checkAndExecute(`${checkout}/notebooks/00_start_here.ipynb`, {
    env: { NORMKIT_RUNS: runs },
  });
  await writeNotebook(`${out}/00_start_here.ipynb`, notebook);
  const page = `${out}/00_start_here.html`;
  await writeAtomically(page, await notebookPage(notebook, { footer: "Made by deno task start" }));
  console.log(`\nNotebook  ${folder}/00_start_here.ipynb`);
  console.log(`Page      ${folder}/00_start_here.html   open ${pathToFileURL(page)}`);
  const generate = commandLine("deno task normkit generate", [`${folder}/runs/pre-ln`]);
  console.log(`Runs      ${folder}/runs   try: ${generate}`);
}
