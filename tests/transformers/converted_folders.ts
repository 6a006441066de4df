// `deno task test:transformers`: what normkit writes in a family's own form loads in transformers, with no tensor missing or
// unexpected, and with equal outputs.

import { assert, assertEquals } from "@std/assert";
import { disposeTree } from "../../lib/core/tree.ts";
import { inspect } from "../../lib/convert/inspect.ts";
import { saveModel } from "../../lib/convert/save.ts";
import { type OpenModel, openModel } from "../../lib/families/open.ts";
import { reportOf } from "../support/cli.ts";
import { useBackend } from "../../lib/kernels/use_backend.ts";
import { fineTune, loadTrainable, saveFineTuned } from "../../lib/train/mod.ts";
import { goldenHeadNames, openGoldenHead } from "../support/golden_heads.ts";
import {
  canBecome,
  decoderNames,
  goldenFolder,
  goldenNames,
  partlyFolded,
  rmsNormNames,
} from "../support/golden_models.ts";
import { oneRow } from "../support/one_row.ts";
import { changedModel, type Changes } from "../support/tensor_rows.ts";
import { withText, writeGpt2 } from "../unit/cli/tiny_runs.ts";
import { taskCases, tinyTuning, writeTaskData, writeTaskSource } from "../unit/cli/tiny_tunings.ts";
import { assertSame, checkPairs, type Pair, type Report } from "./python.ts";

/** A pair, and what is required of it. */
interface Case extends Pair {
  readonly name: string;
  readonly require: (report: Report) => void;
}

/** Golden models that are another architecture but for names and norms. */
const exported = {
  gpt2: ["gpt2", "gpt2-untied", "opt"],
  llama: ["llama", "llama-llama3", "olmo", "qwen2"],
};

async function* conversions(folder: string): AsyncGenerator<Case> {
  for (const name of goldenNames.filter((name) => canBecome(name, "pre-ln"))) {
    const [source, made] = [goldenFolder(name), `${folder}/${name}`];
    await reportOf("convert", source, made, "--to", "pre-ln", "--no-verify");
    yield { name: `${name} as pre-ln`, source, made, require: assertSame };
    if (!canBecome(name, "pre-crmsnorm")) continue;
    const [crms, back] = [`${folder}/${name}-crms`, `${folder}/${name}-back`];
    await reportOf("convert", source, crms, "--to", "pre-crmsnorm", "--no-verify");
    await reportOf("convert", crms, back, "--to", "pre-ln", "--no-verify");
    yield { name: `${name} as pre-crmsnorm and back`, source, made: back, require: assertSame };
  }
  for (const [form, names] of Object.entries(exported)) {
    for (const name of names) {
      const [source, made] = [goldenFolder(name), `${folder}/${name}-as-${form}`];
      await reportOf("export", source, made, "--as", form, "--no-verify");
      yield { name: `${name} as ${form}`, source, made, require: assertSame };
    }
  }
}

/** That outputs are equal where transformers fills in what is missing: the gains, which are 1 by default, and no others. */
const lacksGains =
  (source: OpenModel, made: OpenModel) => ({ problems, relative }: Report): void => {
    const folded = source.tensors.names.filter((name) => !made.tensors.has(name));
    assert(folded.length > 0);
    assertEquals(problems, { missing_keys: folded.toSorted() });
    for (const [output, value] of Object.entries(relative)) {
      assert(value !== null && value <= 1e-5, `${output}: ${value}`);
    }
  };

/** RMSNorms without gains, beside norms that keep theirs. */
async function* weightless(folder: string): AsyncGenerator<Case> {
  for (const name of [...rmsNormNames, ...partlyFolded]) {
    const [source, made] = [goldenFolder(name), `${folder}/${name}-weightless`];
    await reportOf("convert", source, made, "--to", "weightless", "--no-verify");
    using model = await openModel(source);
    using weightless = await openModel(made);
    const require = lacksGains(model, weightless);
    yield { name: `${name} as weightless`, source, made, require };
  }
}

async function* heads(folder: string): AsyncGenerator<Case> {
  for (const name of goldenHeadNames) {
    using golden = await openGoldenHead(name);
    if (!inspect(golden.model).targets["pre-ln"].possible) continue;
    const [source, made] = [`${folder}/${name}-source`, `${folder}/${name}`];
    await saveModel(source, golden.model);
    await reportOf("convert", source, made, "--to", "pre-ln", "--no-verify");
    yield { name: `${name} as pre-ln`, source, made, require: assertSame };
  }
}

/** Every causal language model, five steps further. */
async function* fineTuned(folder: string): AsyncGenerator<Case> {
  await useBackend("cpu");
  const corpus = oneRow([3, 17, 5, 30, 9, 22, 11, 14, 8, 25, 39, 32, 7]);
  const settings = {
    optimizer: { kind: "adamw" },
    schedule: { kind: "constant", peak: 1e-2 },
    ...{ seed: 0, steps: 5, rows: 1, length: 12, evaluationBatches: 1 },
  } as const;
  for (const name of decoderNames) {
    const [source, made] = [goldenFolder(name), `${folder}/${name}-tuned`];
    using model = await openModel(source);
    const start = await loadTrainable(model);
    const { parameters, record } = await fineTune(start.parameters, start.model, settings, corpus);
    await saveFineTuned(made, model, parameters);
    disposeTree([start.parameters, parameters]);
    const losses = record.rows.filter(({ kind }) => kind === "step").map(({ loss }) => loss);
    const require = (report: Report): void => {
      assert(losses.at(-1)! < losses[0]!, `${losses}`);
      hasFormOfSource(report);
    };
    yield { name: `${name} fine-tuned`, source, made, require };
  }
}

/** What training leaves: all but the numbers. */
const hasFormOfSource = ({ problems, other, passed }: Report): void =>
  assertEquals([problems, other, passed], [{}, [], false], "its form stays, its outputs do not");

async function fineTuning(folder: string): Promise<Case> {
  const [source, made] = [await writeGpt2(folder), `${folder}/tuned`];
  const options = "--steps 2 --context 8 --rows 2 --rate 0.01 --backend cpu".split(" ");
  await reportOf(
    "train",
    "--from",
    source,
    ...options,
    "--text",
    `${folder}/text.txt`,
    "--out",
    made,
  );
  return { name: "GPT-2 fine-tuned by the command line", source, made, require: hasFormOfSource };
}

const loads = ({ problems }: Report): void => assertEquals(problems, {});

/** Models that were trained for tasks, and bodies that got a classifier. */
async function* taskTunings(folder: string): AsyncGenerator<Case> {
  await Deno.mkdir(folder);
  await writeTaskData(folder);
  for (const [name, options] of Object.entries(taskCases)) {
    const [source, made] = [await writeTaskSource(folder, name), `${folder}/${name}-tuned`];
    await reportOf("train", "--from", source, ...options(folder), ...tinyTuning, "--out", made);
    await Deno.copyFile(
      `${goldenFolder(name)}/expected.safetensors`, // what is read
      `${source}/expected.safetensors`,
    );
    yield { name: `${name}, trained for a task`, source, made, require: loads };
  }
  for (const name of ["vit-body", "deit-body", "dinov2-body"]) {
    const [source, made] = [`${folder}/${name}-bare`, `${folder}/${name}-tuned`];
    using golden = await openGoldenHead(name);
    await saveModel(source, golden.model);
    const options = taskCases["vit"]!(folder);
    await reportOf("train", "--from", source, ...options, ...tinyTuning, "--out", made);
    yield { name: `${name} with a fresh classifier`, source: made, made, require: assertSame };
  }
}

const gain = "transformer.ln_f.weight";
const faults: Readonly<Record<string, Changes>> = {
  missing_keys: { without: [gain] },
  unexpected_keys: {
    more: { "lm_head.bias": { dtype: "F32", shape: [40], values: new Float64Array(40) } },
  },
  mismatched_keys: {
    more: { [gain]: { dtype: "F32", shape: [23], values: new Float64Array(23) } },
  },
  outputs: { number: (value, name, at) => name === gain && at === 0 ? 1.01 * value : value },
};

async function* spoiledFolders(folder: string): AsyncGenerator<Case> {
  const source = goldenFolder("gpt2");
  for (const [fault, change] of Object.entries(faults)) {
    using model = await openModel(source);
    const made = `${folder}/${fault}`;
    await saveModel(made, changedModel(model, change));
    const require = ({ problems, passed }: Report): void => {
      assertEquals(Object.keys(problems), fault === "outputs" ? [] : [fault]);
      assertEquals(passed, false);
    };
    yield { name: `${fault} of a spoiled GPT-2 are noticed`, source, made, require };
  }
}

Deno.test("what is converted, exported and fine-tuned loads in transformers, and gives equal outputs", (t) =>
  withText(async (folder) => {
    const cases = [
      ...await Array.fromAsync(conversions(folder)),
      ...await Array.fromAsync(weightless(folder)),
      ...await Array.fromAsync(taskTunings(`${folder}/tasks`)),
      ...await Array.fromAsync(heads(folder)),
      await fineTuning(folder),
      ...await Array.fromAsync(fineTuned(folder)),
      ...await Array.fromAsync(spoiledFolders(folder)),
    ];
    const reports = await checkPairs(cases); // in one process, which takes long to start
    for (const [at, { name, require }] of cases.entries()) {
      await t.step(name, () => require(reports[at]!));
    }
  }));
