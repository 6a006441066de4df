// Rows of a table by number, with a gradient that every backend has, and that adds in a fixed order.

import * as tf from "@tensorflow/tfjs";
import { requireDtype } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel } from "../kernels/call.ts";
import { oneHot } from "./one_hot.ts";
import { zerosFrom } from "./zeros.ts";
import { matMul } from "./mat_mul.ts";

/**
 * Rows of a table by their numbers.
 *
 * Shapes: table [V, D] · ids N numbers · returns [N, D]
 *
 * @param table The table, such as token embeddings.
 * @param ids Row numbers in [0, V).
 * @returns One row for each id.
 * @throws {RangeError} If the table has other axes, or an id is not a row of it.
 * @throws {TypeError} If the table is not float32.
 */
export function lookup(table: Tensor, ids: Int32Array): Tensor {
  requireDtype("float32", { table });
  if (table.rank !== 2) {
    throw new RangeError(
      `Cannot look rows up in a table of shape [${table.shape.join(", ")}]: it must be [V, D]`,
    );
  }
  const [rows, width] = table.shape as [number, number];
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= rows);
  if (bad !== undefined) {
    throw new RangeError(`Cannot look up row ${bad}: rows go from 0 to ${rows - 1}`);
  }
  if (ids.length * width === 0) return zerosFrom([ids.length, width], [table]);
  const gathered: (table: Tensor) => Tensor = tf.customGrad((x) => ({
    value: tf.gather(x as Tensor, tf.tensor1d(ids, "int32")),
    gradFunc: (dy: Tensor) => sumByRow(dy, ids, rows),
  }));
  return tf.tidy(() => gathered(table));
}

/** For each row of a table, the sum of those of `dy` that were looked up there; looking rows up is its gradient in turn. */
function sumByRow(dy: Tensor, ids: Int32Array, rows: number): Tensor {
  const summed: (dy: Tensor) => Tensor = tf.customGrad((x) => ({
    value: sumOfRows(x as Tensor, ids, rows),
    gradFunc: (dSums: Tensor) => lookup(dSums, ids),
  }));
  return summed(dy);
}

function sumOfRows(dy: Tensor, ids: Int32Array, rows: number): Tensor {
  if (!hasKernel("NormkitScatterRows")) return matMul(tf.transpose(oneHot(ids, rows)), dy);
  const { order, starts } = groupByRow(ids, rows);
  const groups = [tf.tensor1d(order, "int32"), tf.tensor1d(starts, "int32")];
  return callKernel("NormkitScatterRows", [dy, ...groups], {})[0]!;
}

/** The places of `ids` sorted by row: those of row r are `order[starts[r]]` to `order[starts[r + 1] − 1]`. */
function groupByRow(ids: Int32Array, rows: number): { order: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(rows + 1);
  for (const id of ids) starts[id + 1]! += 1;
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!;
  const next = starts.slice();
  const order = new Int32Array(ids.length);
  ids.forEach((id, at) => order[next[id]!++] = at);
  return { order, starts };
}
