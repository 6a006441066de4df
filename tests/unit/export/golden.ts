// The golden checkpoints and what transformers makes of them.

import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { readTensor, type TensorSource } from "../../../lib/checkpoint/tensors.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";
import type { Model } from "../../../lib/families/model.ts";
import { type OpenModel, openModel } from "../../../lib/families/open.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { runModel } from "../../../lib/interpret/stream.ts";
import type { Values } from "../../../lib/interpret/inputs.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";

const folder = `${checkout}/tests/golden/checkpoints`;

/** Opens a golden checkpoint. */
export async function openGolden(name: string): Promise<OpenModel> {
  return await openModel(`${folder}/${name}`);
}

/** The inputs and outputs of a golden checkpoint, by name. */
export async function expectedOf(name: string): Promise<Record<string, Values>> {
  using checkpoint = await openCheckpoint(`${folder}/${name}/expected.safetensors`);
  const found: Record<string, Values> = {};
  for (const tensor of checkpoint.names) {
    const { shape } = checkpoint.info(tensor);
    found[tensor] = { shape, values: await readTensor(checkpoint, tensor) };
  }
  return found;
}

/** The logits of a language model in float64. */
export async function logitsOf(model: Model, tokens: readonly number[]): Promise<Float64Array> {
  const { outputs } = await runModel(float64, model, { tokens });
  return outputs["logits"]!.values;
}

/** Runs a test in a new folder, which is removed afterwards. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await test(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

/** Tensors with another beside them. */
export function besides(
  base: TensorSource,
  name: string,
  shape: readonly number[],
  values: Float64Array,
): TensorSource {
  const own = memoryTensors({ [name]: { shape, values } });
  return {
    names: [...base.names, name],
    has: (one) => one === name || base.has(one),
    info: (one) => (one === name ? own : base).info(one),
    rows: (one, first, count) => (one === name ? own : base).rows(one, first, count),
  };
}
