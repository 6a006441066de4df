// The golden checkpoints with what transformers makes of them.

import { openCheckpoint } from "../../lib/checkpoint/reader.ts";
import { readTensor, type TensorSource } from "../../lib/checkpoint/tensors.ts";
import { checkout } from "../../lib/workshop/checkout.ts";
import { type OpenModel, openModel } from "../../lib/families/open.ts";
import type { Model } from "../../lib/families/model.ts";
import type { Arithmetic } from "../../lib/interpret/arithmetic.ts";
import { runModel } from "../../lib/interpret/stream.ts";
import type { ModelInputs, Values } from "../../lib/interpret/inputs.ts";
import type { Target } from "../../lib/convert/convert.ts";
import { assertClose } from "./close.ts";

const folder = `${checkout}/tests/golden/checkpoints`;

/** The folder of a golden checkpoint. */
export const goldenFolder = (name: string): string => `${folder}/${name}`;

/** All, in the order of their names. */
export const goldenNames: readonly string[] = [...Deno.readDirSync(folder)]
  .filter(({ isDirectory }) => isDirectory)
  .map(({ name }) => name)
  .sort();

/** Those that transformers calls causal language models. */
export const decoderNames: readonly string[] = goldenNames.filter((name) =>
  /"\w+(CausalLM|LMHeadModel)"/.test(Deno.readTextFileSync(`${folder}/${name}/config.json`))
);

/** Those whose streams no conversion changes, by their residual variants. */
export const otherVariants: Readonly<Record<string, string>> = {
  "bart": "Post-LN",
  "bert": "Post-LN",
  "marian": "Post-LN",
  "plbart": "Post-LN",
  "data2vec-audio": "Post-LN",
  "distilbert": "Post-LN",
  "exaone4": "Res-Post-Norm",
  "gemma2": "Sandwich-LN",
  "gemma3": "Sandwich-LN",
  "glm4": "Sandwich-LN",
  "olmo2": "Res-Post-Norm",
  "olmo3": "Res-Post-Norm",
  "openai-gpt": "Post-LN",
  "opt-post": "Post-LN",
  "roberta": "Post-LN",
  "wav2vec2-post": "Post-LN",
};

/** Those of them whose gains before linear maps fold, while others stay. */
export const partlyFolded: readonly string[] = Object.keys(otherVariants)
  .filter((name) => otherVariants[name] !== "Post-LN");

/** Those that are Pre-LN, which conversions act on. */
export const preLnNames: readonly string[] = goldenNames.filter((name) =>
  otherVariants[name] === undefined
);

/** All that conversions act on. */
export const convertibleNames: readonly string[] = [...preLnNames, ...partlyFolded];

/** Those that are Pre-LN with RMSNorms, which see the mean of the stream. */
export const rmsNormNames: readonly string[] = [
  "eurobert",
  "gemma",
  "glm",
  "granite",
  "helium",
  "llama",
  "llama-llama3",
  "mistral",
  "mistral-yarn",
  "mixtral",
  "olmoe",
  "phi3",
  "qwen2-moe",
  "qwen3-moe",
  "seed-oss",
  "smollm3",
  "qwen2",
  "qwen3",
  "t5",
  "mt5",
  "t5-gated",
];

/** Targets to which some models cannot be converted, and why. */
export const impossible: Readonly<
  Record<string, readonly [targets: readonly Target[], why: string]>
> = {
  "clip-classifier": [
    ["pre-ln", "pre-rmsnorm", "pre-crmsnorm"],
    "Cannot center this CLIP model: its vision has no norm after the last layer, so that the head sees the mean of the stream",
  ],
  "granite": [
    ["pre-ln", "pre-rmsnorm", "pre-crmsnorm"],
    "Cannot convert this Granite model: its stream is scaled (GPAS, LNS, DeepNorm): fold it first",
  ],
  "nemotron": [
    ["pre-ln"],
    "Cannot give LayerNorms of gain 1 to a Nemotron model: its norms multiply by 1 + gain, so that its engines would multiply by 2",
  ],
  "modernbert": [
    ["pre-ln", "pre-rmsnorm", "pre-crmsnorm"],
    "Cannot center this ModernBERT model: a branch of its encoder reads the stream without a norm, and so sees its mean",
  ],
  "wavlm": [
    ["pre-crmsnorm"],
    "Cannot compress a stream whose norms a gate of relative positions reads head by head: heads would have other widths",
  ],
  "ast": [
    ["pre-crmsnorm"],
    "Cannot compress a stream whose final norm another norm reads: that would see d − 1 values",
  ],
  "dinov3": [
    ["pre-crmsnorm"],
    "Cannot compress a model without a head: its output would have d − 1 values",
  ],
  "vit-mae": [
    ["pre-crmsnorm"],
    "Cannot compress a model without a head: its output would have d − 1 values",
  ],
  "siglip": [
    ["pre-crmsnorm"],
    "Cannot compress a stream that a pooling head reads: one matrix multiplies its query too, which has d values",
  ],
};

/** Those that are Pre-LN with LayerNorms, which can be converted to every target. */
export const layerNormNames: readonly string[] = preLnNames.filter((name) =>
  !rmsNormNames.includes(name) && impossible[name] === undefined
);

/** Whether one can be converted to a target. */
export function canBecome(name: string, target: Target): boolean {
  if (otherVariants[name] === "Post-LN") return false;
  return [...rmsNormNames, ...partlyFolded].includes(name)
    ? target === "weightless"
    : impossible[name]?.[0].includes(target) !== true;
}

/** Numbers by name. */
export type Outputs = Readonly<Record<string, Values>>;

/** Inputs, and what transformers makes of them in float64. */
export interface Golden {
  readonly inputs: ModelInputs;
  readonly expected: Outputs;
}

/** Tensors of a file without their first axis, the batch of one, by name. */
export async function valuesIn(
  file: TensorSource,
  names = file.names,
): Promise<Readonly<Record<string, Values>>> {
  const values: Record<string, Values> = {};
  for (const name of names) {
    const shape = file.info(name).shape.slice(1);
    values[name] = { shape, values: await readTensor(file, name) };
  }
  return values;
}

/** Values with the inputs among them as a model takes them. */
export function goldenIn(values: Readonly<Record<string, Values>>): Golden {
  const given = ["pixels", "video", "spectrogram", "features", "waveform"];
  const isGiven = ([key]: readonly [string, Values]): boolean => given.includes(key);
  const { tokens, source, ...others } = values;
  const inputs = {
    ...(tokens === undefined ? {} : { tokens: [...tokens.values] }),
    ...(source === undefined ? {} : { source: [...source.values] }),
    ...Object.fromEntries(Object.entries(others).filter(isGiven)),
  };
  const expected = Object.fromEntries(Object.entries(others).filter((one) => !isGiven(one)));
  return { inputs, expected };
}

/** The inputs and outputs of a golden checkpoint. */
export async function goldenOf(name: string): Promise<Golden> {
  using file = await openCheckpoint(`${goldenFolder(name)}/expected.safetensors`);
  return goldenIn(await valuesIn(file));
}

/** A golden checkpoint, open; the caller closes it. */
export function openGolden(name: string): Promise<OpenModel> {
  return openModel(goldenFolder(name));
}

/** The outputs of a model. */
export async function outputsOf<T>(
  arithmetic: Arithmetic<T>,
  model: Pick<Model, "spec" | "tensors">,
  inputs: ModelInputs,
): Promise<Outputs> {
  return (await runModel(arithmetic, model, inputs)).outputs;
}

/** Requires that every expected output is there and close. */
export function assertOutputs(
  outputs: Outputs,
  expected: Outputs,
  limit: number,
  what: string,
): void {
  for (const [name, { values }] of Object.entries(expected)) {
    assertClose(outputs[name]?.values ?? [], values, limit, `${what}: ${name}`);
  }
}
