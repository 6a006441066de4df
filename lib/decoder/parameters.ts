// Parameter trees as safetensors files, in single precision: what `train` writes and `generate` reads.

import * as tf from "@tensorflow/tfjs";
import { readAll } from "../backend/read.ts";
import { disposeTree, fillTree, tensorsOf } from "../core/tree.ts";
import { completeConfig, type DecoderConfig } from "./config.ts";
import { type DecoderParameters, initDecoder } from "./initialization.ts";
import { type Checkpoint, openCheckpoint } from "../checkpoint/reader.ts";
import type { TensorShape } from "../checkpoint/tensors.ts";
import { type PlannedTensor, writeSafetensors } from "../checkpoint/writer.ts";

/**
 * Writes a tree of tensors as a safetensors file (F32), whole or not at all.
 *
 * @param path The file.
 * @param tree The parameters; names are their paths.
 */
export async function writeParameters<P>(path: string, tree: P): Promise<void> {
  const list = tensorsOf(tree);
  const values = await readAll(list.map(({ value }) => value));
  const planned = list.map(({ path: name, value }, at): PlannedTensor => ({
    name,
    dtype: "F32",
    shape: value.shape,
    chunks: async function* () {
      yield new Uint8Array(Float32Array.from(values[at]!).buffer);
    },
  }));
  await writeSafetensors(path, planned);
}

function textOf({ dtype, shape }: TensorShape): string {
  return `${dtype} [${shape.join(", ")}]`;
}

/** Requires a tensor of a shape (F32). */
function requireTensor(
  checkpoint: Checkpoint,
  path: string,
  name: string,
  shape: readonly number[],
): void {
  const found = checkpoint.has(name) ? textOf(checkpoint.info(name)) : "nothing";
  const expected = textOf({ dtype: "F32", shape });
  if (found === expected) return;
  throw new RangeError(`Cannot read ${name} from ${path}: found ${found}, expected ${expected}`);
}

/**
 * Reads the parameters of a model from a safetensors file (F32).
 *
 * @param path The file.
 * @param like A tree of the model's shape, such as fresh parameters; it is not freed.
 * @returns A new tree with the file's values; the caller frees it.
 * @throws {RangeError} If a tensor is missing or left over, or its shape or dtype is another.
 * @throws {SafetensorsError} If the file is not a safetensors file.
 */
export async function readParameters<P>(path: string, like: P): Promise<P> {
  using checkpoint = await openCheckpoint(path);
  const wanted = tensorsOf(like);
  const known = new Set(wanted.map((leaf) => leaf.path));
  const extra = checkpoint.names.find((name) => !known.has(name));
  if (extra !== undefined) {
    throw new RangeError(`Cannot read ${path}: the model has no parameter ${extra}`);
  }
  const values: Float32Array[] = [];
  for (const { path: name, value } of wanted) {
    requireTensor(checkpoint, path, name, value.shape);
    values.push(new Float32Array((await checkpoint.bytes(name)).buffer));
  }
  return fillTree(like, values.map((numbers, at) => tf.tensor(numbers, wanted[at]!.value.shape)));
}

/** Requires the large tensors of a decoder, so that its parameters take no more memory than the file has bytes. */
async function requireSizes(path: string, config: DecoderConfig): Promise<void> {
  const { vocabulary, context, width, hidden, depth, positions } = completeConfig(config);
  using checkpoint = await openCheckpoint(path);
  requireTensor(checkpoint, path, "wte", [vocabulary, width]);
  if (positions === "learned") requireTensor(checkpoint, path, "wpe", [context, width]);
  for (let layer = 1; layer <= depth; layer++) {
    requireTensor(checkpoint, path, `blocks.${layer}.attention.wq`, [width, width]);
    requireTensor(checkpoint, path, `blocks.${layer}.feedForward.w1`, [width, hidden]);
  }
}

/**
 * Reads the parameters of a decoder from a safetensors file (F32). Nothing of the configuration's size is made before the file turns out
 * to be of that size.
 *
 * @param path The file.
 * @param config The decoder's configuration.
 * @returns The parameters; the caller frees them.
 * @throws {RangeError} If the configuration is out of range, or the file is of another one.
 * @throws {SafetensorsError} If the file is not a safetensors file.
 */
export async function readDecoder(path: string, config: DecoderConfig): Promise<DecoderParameters> {
  await requireSizes(path, config);
  const like = initDecoder(config, 0);
  try {
    return await readParameters(path, like);
  } finally {
    disposeTree(like);
  }
}
