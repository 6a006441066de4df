// Tables of embeddings in a checkpoint, read by rows: shapes [N, D], [D] and [1, …, N, D] occur.

import { readTensor, type TensorSource } from "../checkpoint/tensors.ts";
import { requireInteger } from "../core/check.ts";
import type { Table } from "../model/spec.ts";

/**
 * The number of vectors in a table.
 *
 * @param tensors Where it is.
 * @param table The table.
 * @param width The width of its vectors.
 * @returns Their number.
 * @throws {RangeError} If there is no such table, or its vectors have another width.
 */
export function lengthOf(tensors: TensorSource, { table }: Table, width: number): number {
  const { shape } = tensors.info(table);
  if (shape.at(-1) !== width) {
    throw new RangeError(
      `Cannot read vectors of ${width} numbers from ${table}: its shape is [${shape.join(", ")}]`,
    );
  }
  return shape.reduce((product, length) => product * length, 1) / width;
}

/**
 * Some vectors of a table.
 *
 * @param tensors Where it is.
 * @param table The table.
 * @param width The width of its vectors.
 * @param first The first of them; 0 by default.
 * @param count How many; all that follow by default.
 * @returns Their numbers, one after the other.
 * @throws {RangeError} If there is no such table or no such vector, or vectors have another width.
 */
export async function readVectors(
  tensors: TensorSource,
  table: Table,
  width: number,
  first = 0,
  count?: number,
): Promise<Float64Array> {
  const length = lengthOf(tensors, table, width);
  requireInteger(`row of ${table.table}`, first, { min: 0, max: length });
  const end = requireInteger(`end of rows of ${table.table}`, first + (count ?? length - first), {
    min: first,
    max: length,
  });
  if (tensors.info(table.table).shape.length === 2) {
    return await tensors.rows(table.table, first, end - first);
  }
  return (await readTensor(tensors, table.table)).subarray(first * width, end * width);
}
