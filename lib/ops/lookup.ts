// Rows of a table by number, with a gradient that every backend has: the one of tfjs's gather needs a kernel that WASM lacks.

import * as tf from "@tensorflow/tfjs";
import { matMul } from "./mat_mul.ts";
import { oneHot } from "./_one_hot.ts";
import type { Tensor } from "../core/tensor.ts";

/**
 * Rows of a table by their numbers.
 *
 * Shapes: table [V, D] · ids N numbers · returns [N, D]
 *
 * @param table The table, such as token embeddings.
 * @param ids Row numbers in [0, V).
 * @returns One row for each id.
 * @throws {RangeError} If an id is not a row of the table.
 */
export function lookup(table: Tensor, ids: Int32Array): Tensor {
  const rows = table.shape[0]!;
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= rows);
  if (bad !== undefined) {
    throw new RangeError(`Cannot look up row ${bad}: rows go from 0 to ${rows - 1}`);
  }
  const gathered: (table: Tensor) => Tensor = tf.customGrad((x) => ({
    value: tf.gather(x as Tensor, tf.tensor1d(ids, "int32")),
    gradFunc: (dy: Tensor) => matMul(tf.transpose(oneHot(ids, rows)), dy),
  }));
  return tf.tidy(() => gathered(table));
}
