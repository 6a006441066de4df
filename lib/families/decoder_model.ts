// A decoder in memory as a model: its parameters described, so that it can be converted, folded and compared.

import { type MemoryTensor, memoryTensors } from "../checkpoint/memory.ts";
import { readAll } from "../backend/read.ts";
import { tensorsOf } from "../core/tree.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { describeModel, type Model } from "./model.ts";
import { normkitConfig, normkitFamily } from "./normkit.ts";

/**
 * Describes a decoder of this library.
 *
 * @param parameters Its parameters; they are copied.
 * @param config Its configuration, with the variant's id.
 * @returns The model, its numbers stored as F32.
 * @throws {RangeError} If its variant is an object of one's own, which a configuration does not hold.
 */
export async function decoderModel(
  parameters: DecoderParameters,
  config: DecoderConfig,
): Promise<Model> {
  const list = tensorsOf(parameters);
  const numbers = await readAll(list.map(({ value }) => value));
  const tensors = list.map(({ path, value }, i): [string, MemoryTensor] => [
    path,
    { shape: value.shape, values: numbers[i]!, dtype: "F32" },
  ]);
  const source = memoryTensors(Object.fromEntries(tensors));
  return describeModel(normkitFamily, normkitConfig(config), source);
}
