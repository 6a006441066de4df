// The same work on Deno and on Node: training, checkpoints, a conversion with its certificate, charts, exports and data. What comes of it is
// compared; files by their SHA-256.

import { makeCorpus, saveRun, train, useBackend } from "../../mod.ts";
import { main } from "../../lib/cli/mod.ts";
import { openModel, saveModel } from "../../lib/convert/mod.ts";
import { disposeTree } from "../../lib/core/tree.ts";
import { decodePicture } from "../../lib/data/image_file.ts";
import { cldrPhrases, mobyDick } from "../../lib/data/mod.ts";
import { initDecoder } from "../../lib/decoder/initialization.ts";
import { readDecoder, writeParameters } from "../../lib/decoder/parameters.ts";
import { saveOnnx } from "../../lib/export/mod.ts";
import { sha256Of, sha256OfFile } from "../../lib/platform/hash.ts";
import { platform } from "../../lib/platform/mod.ts";
import { readBytes } from "../../lib/platform/text_file.ts";
import { lossCurves, saveFigure } from "../../lib/plots/mod.ts";
import { makeSweep, resultsOf, trainSweep } from "../../lib/sweep/mod.ts";
import { readRun } from "../../lib/train/mod.ts";

/** What came of the work. */
export interface Report {
  /** Numbers of the training, which differ in their last digits from machine to machine. */
  readonly losses: readonly number[];
  /** How kernels run. */
  readonly kernels: string;
  /** All else, which is the same. */
  readonly same: Readonly<Record<string, unknown>>;
}

const settings = {
  model: { context: 16, width: 16, depth: 2, heads: 2, residual: "peri-ln" },
  schedule: { kind: "constant", peak: 0.003 },
  ...{ seed: 0, steps: 5, rows: 4 },
} as const;

/** The names in a folder, in order. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of platform.readDir(folder)) names.push(name);
  return names.sort();
}

/** The hash of each file of a folder. */
async function hashesIn(folder: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const name of await namesIn(folder)) {
    hashes[name] = await sha256OfFile(`${folder}/${name}`);
  }
  return hashes;
}

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(() => "nothing was thrown", (error: Error) => error.message);

async function trained(folder: string): Promise<Pick<Report, "losses"> & { kept: unknown }> {
  const corpus = makeCorpus("All visible objects, man, are but as pasteboard masks. ".repeat(40));
  const { parameters, record } = await train(settings, corpus);
  await saveRun(folder, record, parameters, "run");
  disposeTree(parameters);
  const read = await readRun(folder, "run");
  const losses = record.rows.flatMap(({ nats }) => typeof nats === "number" ? [nats] : []);
  return {
    losses,
    kept: [
      read.rows.length === record.rows.length,
      read.manifest.determines,
      await namesIn(folder),
    ],
  };
}

async function checkpointed(folder: string): Promise<unknown> {
  const path = `${folder}/start.safetensors`;
  const start = initDecoder({ ...settings.model, vocabulary: 30 }, 1);
  await writeParameters(path, start);
  disposeTree(start);
  const read = await readDecoder(path, { ...settings.model, vocabulary: 30 });
  await writeParameters(`${folder}/again.safetensors`, read);
  disposeTree(read);
  return await hashesIn(folder);
}

/** A conversion by the command line, which writes the certificate; its exit code says whether that passed. */
async function converted(golden: string, folder: string): Promise<unknown> {
  const code = await main(["convert", golden, `${folder}/rms`, "--to", "pre-rmsnorm"]);
  using model = await openModel(`${folder}/rms`);
  await saveModel(`${folder}/half`, model, { dtype: "F16" });
  await saveOnnx(`${folder}/onnx`, model);
  const { "config.json": config, "model.safetensors": weights, ...others } = await hashesIn(
    `${folder}/rms`,
  );
  return {
    ...{ code, config, weights },
    half: await hashesIn(`${folder}/half`),
    others: [Object.keys(others), await namesIn(`${folder}/onnx`)], // 8 ** -0.5 has another last digit
  };
}

async function drawn(folder: string): Promise<unknown> {
  const rows = [0, 50, 100].flatMap((step) => [
    { variant: "post-ln", step, loss: 4.6 - step / 60 },
    { variant: "pre-ln", step, loss: 4.6 - step / 50 },
  ]);
  const figure = lossCurves(rows, { title: "Two variants" });
  await saveFigure(figure, `${folder}/chart.svg`);
  await saveFigure(figure, `${folder}/chart.png`);
  const { "chart.svg": svg } = await hashesIn(folder);
  const path = `${folder}/chart.png`;
  const { pixels, ...size } = await decodePicture(await readBytes(path), path, 3);
  return { svg, size, pixels: sha256Of(pixels) };
}

async function loaded(): Promise<unknown> {
  const [novel, phrases] = [await mobyDick(), await cldrPhrases("en", "de")];
  return {
    novel: sha256Of(novel.train, novel.heldOut),
    phrases: [phrases.train.examples.length, phrases.heldOut.examples.length],
  };
}

/** A sweep of two cells, trained and read. */
async function swept(folder: string): Promise<unknown> {
  const grid = { "model.residual": ["post-ln", "pre-ln"] };
  const sweep = await makeSweep({ settings: { ...settings, evaluationBatches: 1 }, grid });
  const { failed } = await trainSweep(sweep, folder, { every: 2 });
  const results = await resultsOf(sweep, folder);
  return {
    failed: [...failed],
    cells: results.map(({ cell: { name, point }, state, step }) => ({ name, point, state, step })),
    files: await namesIn(folder),
  };
}

/**
 * Does all of it.
 *
 * @param golden The folder of a model in Pre-LN.
 * @param folder An empty folder for what is written.
 * @returns What came of it.
 */
export async function work(golden: string, folder: string): Promise<Report> {
  const { kernels } = await useBackend("wasm", { threads: 2 });
  const { losses, kept } = await trained(`${folder}/run`);
  return {
    losses,
    kernels: kernels!.detail,
    same: {
      kept,
      checkpoints: await checkpointed(`${folder}/checkpoints`),
      conversion: await converted(golden, folder),
      charts: await drawn(`${folder}/charts`),
      data: await loaded(),
      sweep: await swept(`${folder}/sweep`),
      refusals: [
        await messageOf(openModel("/nowhere/model")),
        await messageOf(writeParameters("/proc/none/x.safetensors", {})),
        await messageOf(readRun("/nowhere", "run")),
      ],
      left: (await namesIn(folder)).filter((name) => name.includes("tmp")),
    },
  };
}
