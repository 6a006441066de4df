// A model of this library in memory: its parameters described, so that it can be saved, converted, folded and compared.

import { type MemoryTensor, memoryTensors } from "../checkpoint/memory.ts";
import { readAll } from "../backend/read.ts";
import { tensorsOf } from "../core/tree.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { NamedTensors } from "../decoder/described.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import type { TransformerConfig } from "../transformer/kinds.ts";
import { describeModel, type Model } from "./model.ts";
import { normkitConfig, normkitFamily, type OwnConfig } from "./normkit.ts";

async function inMemory(parameters: unknown, config: OwnConfig): Promise<Model> {
  const list = tensorsOf(parameters);
  const numbers = await readAll(list.map(({ value }) => value));
  const tensors = list.map(({ path, value }, i): [string, MemoryTensor] => [
    path,
    { shape: value.shape, values: numbers[i]!, dtype: "F32" },
  ]);
  const source = memoryTensors(Object.fromEntries(tensors));
  return describeModel(normkitFamily, normkitConfig(config), source);
}

/**
 * Describes a decoder of this library.
 *
 * @param parameters Its parameters; they are copied.
 * @param config Its configuration, with the variant's id.
 * @returns The model, its numbers stored as F32.
 * @throws {RangeError} If its variant is an object of one's own, which a configuration does not hold.
 */
export function decoderModel(
  parameters: DecoderParameters,
  config: DecoderConfig,
): Promise<Model> {
  return inMemory(parameters, config);
}

/**
 * Describes another Transformer of this library: an encoder, an encoder–decoder, one of images or of sounds.
 *
 * @param parameters Its parameters by name; they are copied.
 * @param config Its configuration, with its kind and the variant's id.
 * @returns The model, its numbers stored as F32.
 * @throws {RangeError} If a parameter is missing or of another size, or its variant is an object of one's own, which a configuration
 * does not hold.
 */
export function transformerModel(
  parameters: NamedTensors,
  config: TransformerConfig,
): Promise<Model> {
  return inMemory(parameters, config);
}
