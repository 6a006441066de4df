// `deno task test:transformers`: what normkit writes in a family's own form loads in transformers, with no tensor missing or
// unexpected, and with equal outputs.

import { assert, assertEquals } from "@std/assert";
import { inspect } from "../../lib/convert/inspect.ts";
import { saveModel } from "../../lib/convert/save.ts";
import { type OpenModel, openModel } from "../../lib/families/open.ts";
import { runHere } from "../support/cli.ts";
import { goldenHeadNames, openGoldenHead } from "../support/golden_heads.ts";
import {
  canBecome,
  goldenFolder,
  goldenNames,
  partlyFolded,
  rmsNormNames,
} from "../support/golden_models.ts";
import { changedModel, type Changes } from "../support/tensor_rows.ts";
import { withText, writeGpt2 } from "../unit/cli/tiny_runs.ts";
import { taskCases, tinyTuning, writeTaskData, writeTaskSource } from "../unit/cli/tiny_tunings.ts";
import { checkPairs, type Pair, type Report } from "./python.ts";

/** A pair, and what is required of it. */
interface Case extends Pair {
  readonly name: string;
  readonly require: (report: Report) => void;
}

/** Runs a command that writes a folder, which must not fail. */
async function write(...args: string[]): Promise<void> {
  const { code, out, err } = await runHere(...args, "--json");
  assertEquals(code, 0, `${args.join(" ")}: ${err}${out}`);
}

const isSame = ({ problems, relative, passed }: Report): void => {
  assertEquals(problems, {});
  assert(passed, JSON.stringify(relative));
};

/** Golden models that are another architecture but for names and norms. */
const exported = {
  gpt2: ["gpt2", "gpt2-untied", "opt"],
  llama: ["llama", "llama-llama3", "olmo", "qwen2"],
};

async function* conversions(folder: string): AsyncGenerator<Case> {
  for (const name of goldenNames.filter((name) => canBecome(name, "pre-ln"))) {
    const [source, made] = [goldenFolder(name), `${folder}/${name}`];
    await write("convert", source, made, "--to", "pre-ln", "--no-verify");
    yield { name: `${name} as pre-ln`, source, made, require: isSame };
    if (!canBecome(name, "pre-crmsnorm")) continue;
    const [crms, back] = [`${folder}/${name}-crms`, `${folder}/${name}-back`];
    await write("convert", source, crms, "--to", "pre-crmsnorm", "--no-verify");
    await write("convert", crms, back, "--to", "pre-ln", "--no-verify");
    yield { name: `${name} as pre-crmsnorm and back`, source, made: back, require: isSame };
  }
  for (const [form, names] of Object.entries(exported)) {
    for (const name of names) {
      const [source, made] = [goldenFolder(name), `${folder}/${name}-as-${form}`];
      await write("export", source, made, "--as", form, "--no-verify");
      yield { name: `${name} as ${form}`, source, made, require: isSame };
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
    await write("convert", source, made, "--to", "weightless", "--no-verify");
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
    await write("convert", source, made, "--to", "pre-ln", "--no-verify");
    yield { name: `${name} as pre-ln`, source, made, require: isSame };
  }
}

async function fineTuning(folder: string): Promise<Case> {
  const [source, made] = [await writeGpt2(folder), `${folder}/tuned`];
  const options = "--steps 2 --context 8 --rows 2 --rate 0.01 --backend cpu".split(" ");
  await write("train", "--from", source, ...options, "--text", `${folder}/text.txt`, "--out", made);
  const require = ({ problems, other, passed }: Report): void =>
    assertEquals([problems, other, passed], [{}, [], false], "its form stays, its outputs do not");
  return { name: "a fine-tuned GPT-2 has the form of its source", source, made, require };
}

const loads = ({ problems }: Report): void => assertEquals(problems, {});

/** Models that were trained for tasks, and bodies that got a classifier. */
async function* taskTunings(folder: string): AsyncGenerator<Case> {
  await Deno.mkdir(folder);
  await writeTaskData(folder);
  for (const [name, options] of Object.entries(taskCases)) {
    const [source, made] = [await writeTaskSource(folder, name), `${folder}/${name}-tuned`];
    await write("train", "--from", source, ...options(folder), ...tinyTuning, "--out", made);
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
    await write("train", "--from", source, ...options, ...tinyTuning, "--out", made);
    yield { name: `${name} with a fresh classifier`, source: made, made, require: isSame };
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
      ...await Array.fromAsync(spoiledFolders(folder)),
    ];
    const reports = await checkPairs(cases); // in one process, which takes long to start
    for (const [at, { name, require }] of cases.entries()) {
      await t.step(name, () => require(reports[at]!));
    }
  }));
