// Named tensors that are read when they are needed, a few rows at a time: a checkpoint on disk, or what a conversion makes of
// one. Numbers are float64 on this side, whatever they are stored as.

import type { DType } from "./dtype.ts";

/** What is known of a tensor without reading it. */
export interface TensorShape {
  /** How its numbers are stored. */
  readonly dtype: DType;
  /** Its shape; `[]` for a scalar. */
  readonly shape: readonly number[];
}

/** Tensors by name. */
export interface TensorSource {
  /** The names, in the order of storage. */
  readonly names: readonly string[];
  /** Whether there is a tensor of this name. */
  has(name: string): boolean;
  /**
   * The dtype and shape of a tensor.
   *
   * @throws {RangeError} If there is none of this name.
   */
  info(name: string): TensorShape;
  /**
   * Some rows of a tensor, whose rows are its slices along the first axis; a scalar or vector is one row.
   *
   * @param name The tensor.
   * @param first The first row, from 0.
   * @param count The number of rows.
   * @returns Their numbers, one row after the other.
   * @throws {RangeError} If there is no such tensor or no such row.
   */
  rows(name: string, first: number, count: number): Promise<Float64Array>;
}

/**
 * The rows of a tensor and their length; a scalar or vector is one row.
 *
 * @param shape The tensor's shape.
 * @returns The number of rows and the numbers in each.
 */
export function rowsOf(
  shape: readonly number[],
): { readonly rows: number; readonly width: number } {
  const size = shape.reduce((product, length) => product * length, 1);
  const rows = shape.length < 2 ? 1 : shape[0]!;
  return { rows, width: rows === 0 ? 0 : size / rows };
}

/**
 * All numbers of a tensor.
 *
 * @param source Where it is.
 * @param name The tensor.
 * @returns Its numbers, row-major.
 * @throws {RangeError} If there is none of this name.
 */
export async function readTensor(source: TensorSource, name: string): Promise<Float64Array> {
  return await source.rows(name, 0, rowsOf(source.info(name).shape).rows);
}
