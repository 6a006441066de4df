// The matrices of a layer as torch has them: a row for each output, queries, keys and values apart. Nothing is computed before it is
// read.

import type { DType } from "../checkpoint/dtype.ts";
import type { TensorSource } from "../checkpoint/tensors.ts";
import { type LazyMatrix, matrixFrom, matrixOf, transpose } from "../convert/lazy_matrix.ts";
import { qkvParts, type Span } from "../model/qkv.ts";
import type { Attention, Linear } from "../model/spec.ts";

/** A matrix that is computed when it is read, and how its numbers are stored. */
export interface TypedMatrix extends LazyMatrix {
  readonly dtype: DType;
}

/** A linear map with a row for each output; without a bias where the checkpoint holds none. */
export interface Projection {
  readonly weight: TypedMatrix;
  /** The bias as a matrix of one column. */
  readonly bias?: TypedMatrix;
}

/** A tensor as a matrix, by default of its rows. */
export function stored(tensors: TensorSource, name: string, width?: number): TypedMatrix {
  return { ...matrixOf(tensors, name, width), dtype: tensors.info(name).dtype };
}

/** A linear map, turned where it is stored (in, out). */
export function projectionOf(
  tensors: TensorSource,
  { weight, bias, layout }: Linear,
): Projection {
  const matrix = stored(tensors, weight);
  return {
    weight: layout === "out-in" ? matrix : { ...transpose(matrix), dtype: matrix.dtype },
    ...(tensors.has(bias) ? { bias: stored(tensors, bias, 1) } : {}),
  };
}

/** `count` rows from `first` on of every `period` rows. */
export function everyRows(
  matrix: TypedMatrix,
  { first, count, period }: {
    readonly first: number;
    readonly count: number;
    readonly period: number;
  },
): TypedMatrix {
  return {
    dtype: matrix.dtype,
    rows: matrix.rows / period * count,
    width: matrix.width,
    read: async (start, wanted) => {
      const numbers = new Float64Array(wanted * matrix.width);
      for (let done = 0; done < wanted;) {
        const at = (start + done) % count;
        const run = Math.min(count - at, wanted - done);
        const from = Math.floor((start + done) / count) * period + first + at;
        numbers.set(await matrix.read(from, run), done * matrix.width);
        done += run;
      }
      return numbers;
    },
  };
}

/**
 * Queries, keys and values as maps of their own.
 *
 * @param tensors Where they are.
 * @param attention The attention; one matrix that holds all three is split.
 * @returns The maps.
 */
export function queriesKeysValues(
  tensors: TensorSource,
  attention: Attention,
): { readonly q: Projection; readonly k: Projection; readonly v: Projection } {
  const { projections } = attention;
  if (!("qkv" in projections)) {
    return {
      q: projectionOf(tensors, projections.q),
      k: projectionOf(tensors, projections.k),
      v: projectionOf(tensors, projections.v),
    };
  }
  const { weight, bias } = projectionOf(tensors, projections.qkv);
  const { period, q, k, v } = qkvParts(projections.order, attention);
  const take = ([first, count]: Span): Projection => {
    const rows = { first, count, period };
    return {
      weight: everyRows(weight, rows),
      ...(bias === undefined ? {} : { bias: everyRows(bias, rows) }),
    };
  };
  return { q: take(q), k: take(k), v: take(v) };
}

/** A norm's gain: the checkpoint's, or ones. */
export function gainOf(
  tensors: TensorSource,
  name: string,
  { width, dtype }: Pick<TypedMatrix, "width" | "dtype">,
): TypedMatrix {
  if (tensors.has(name)) return stored(tensors, name, 1);
  return { ...matrixFrom(new Float64Array(width).fill(1), 1), dtype };
}

/** A bias of zeros for a map that has none. */
export function zeros({ rows, dtype }: TypedMatrix): TypedMatrix {
  return { ...matrixFrom(new Float64Array(rows), 1), dtype };
}
