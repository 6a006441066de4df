// Parameter trees as safetensors files, in single precision: what `train` writes and `generate` reads.

import * as tf from "@tensorflow/tfjs";
import { readAll } from "../core/read.ts";
import { fillTree, tensorsOf } from "../core/tree.ts";
import { openCheckpoint } from "./reader.ts";
import type { TensorShape } from "./tensors.ts";
import { type PlannedTensor, writeSafetensors } from "./writer.ts";

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
    const found = checkpoint.has(name) ? textOf(checkpoint.info(name)) : "nothing";
    const expected = textOf({ dtype: "F32", shape: value.shape });
    if (found !== expected) {
      throw new RangeError(
        `Cannot read ${name} from ${path}: found ${found}, expected ${expected}`,
      );
    }
    values.push(new Float32Array((await checkpoint.bytes(name)).buffer));
  }
  return fillTree(like, values.map((numbers, at) => tf.tensor(numbers, wanted[at]!.value.shape)));
}
