// A model as a folder, whole or not at all: its tensors and its configuration.

import { requireOneOf } from "../core/check.ts";
import { planCopy } from "../checkpoint/copy.ts";
import { type DType, floatDTypes, storeNumbers } from "../checkpoint/dtype.ts";
import { type Checkpoint, isCheckpoint } from "../checkpoint/reader.ts";
import type { TensorSource } from "../checkpoint/tensors.ts";
import { type PlannedTensor, type ShardOptions, writeShards } from "../checkpoint/writer.ts";
import { requireOptions } from "../core/options.ts";
import { platform } from "../platform/mod.ts";
import { version } from "../core/version.ts";
import { configText } from "../families/config_text.ts";
import type { Config } from "../families/family.ts";
import type { Model } from "../families/model.ts";
import { matrixOf, rowsInOrder } from "./lazy_matrix.ts";
import { Overlay } from "./overlay.ts";

/** How a model is saved. */
export interface SaveOptions extends Pick<ShardOptions, "maxShardBytes" | "onProgress"> {
  /** The dtype of floating-point tensors; what each has by default. */
  readonly dtype?: DType;
}

/** transformers' names of dtypes. */
const torchNames: Partial<Readonly<Record<DType, string>>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** The checkpoint that holds a tensor as it is, if one does. */
function holder(tensors: TensorSource, name: string): Checkpoint | undefined {
  const source = tensors instanceof Overlay ? tensors.untouched(name) : tensors;
  return source !== undefined && isCheckpoint(source) ? source : undefined;
}

/** Computes a tensor, some rows at a time. */
async function* computed(
  tensors: TensorSource,
  name: string,
  dtype: DType,
): AsyncGenerator<Uint8Array> {
  for await (const numbers of rowsInOrder(matrixOf(tensors, name))) {
    yield storeNumbers(dtype, numbers, name);
  }
}

/** A tensor that is to be written. */
export interface PlannedOutput extends PlannedTensor {
  /** Whether its numbers are computed; else its bytes are copied. */
  readonly computed: boolean;
}

/**
 * The tensors of a model as they are to be written; each is computed while it is written.
 *
 * @param model The model.
 * @param dtype The dtype of floating-point tensors; what each has by default.
 * @returns The planned tensors.
 */
export function planTensors({ tensors }: Model, dtype?: DType): PlannedOutput[] {
  return tensors.names.map((name) => {
    const info = tensors.info(name);
    const stored = dtype !== undefined && floatDTypes.includes(info.dtype) ? dtype : info.dtype;
    const same = stored === info.dtype ? holder(tensors, name) : undefined;
    if (same !== undefined) return { ...planCopy(same, name), computed: false };
    return {
      name,
      computed: true,
      shape: info.shape,
      dtype: stored,
      chunks: () => computed(tensors, name, stored),
    };
  });
}

const dtypeKeys = ["dtype", "torch_dtype"];

/** Whether a configuration says which dtype tensors have. */
export const namesDType = (config: Config): boolean => dtypeKeys.some((key) => key in config);

/** A configuration whose words for the dtype, and those of its parts, are another one. */
function renamed(config: Config, name: string): Config {
  const isPart = (value: unknown): value is Config =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const change = (key: string, value: unknown): unknown => {
    if (isPart(value)) return renamed(value, name);
    return dtypeKeys.includes(key) && (value === null || typeof value === "string") ? name : value;
  };
  const entries = Object.entries(config).map(([key, value]) => [key, change(key, value)] as const);
  return { ...config, ...Object.fromEntries(entries) };
}

/** The configuration with the dtype that the tensors have now. */
export function withDType(config: Config, dtype: DType | undefined): Config {
  const name = dtype === undefined ? undefined : torchNames[dtype];
  if (name === undefined) return config;
  const made = renamed(config, name);
  return namesDType(made) ? made : { ...made, dtype: name };
}

/**
 * Writes a model into a folder: `model.safetensors` or shards, and `config.json`.
 *
 * @param folder The folder; see `writeFolder` for one that appears whole or not at all.
 * @param model The model.
 * @param options The dtype, the size of files, and a listener to progress.
 * @throws {RangeError} If the folder has a checkpoint already.
 */
export async function saveModel(
  folder: string,
  model: Model,
  options: SaveOptions = {},
): Promise<void> {
  requireOptions("saveModel()", options, {
    maxShardBytes: "number?",
    onProgress: "function?",
    dtype: "string?",
  });
  const { dtype, ...others } = options;
  if (dtype !== undefined) requireOneOf("dtype", dtype, floatDTypes);
  await writeShards(folder, planTensors(model, dtype), {
    ...others,
    metadata: { format: "pt", normkit: version },
  });
  await platform.writeFile(`${folder}/config.json`, configText(withDType(model.config, dtype)));
}
