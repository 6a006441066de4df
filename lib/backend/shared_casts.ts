// Data that tensors of two dtypes share. Casts of the CPU and WebGPU backends give a float32 tensor the data of the int32 or bool tensor
// that it was cast from, and both backends know what the data are. WASM does not: it reads the bytes as what the tensor says. What moves
// there becomes what its tensors are; where they are of two dtypes it cannot be both, and stays where it is.

import type { DataType } from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

/** The data of a tensor, as tfjs's engine knows them. */
export interface SharedData {
  dtype: DataType;
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Tensors of another dtype than their data, by data and dtype. */
const others = new WeakMap<object, Map<DataType, number>>();

/** A tensor of the data has come (+1) or gone (−1). */
export function countShared({ dataId, dtype }: Tensor, data: SharedData, change: 1 | -1): void {
  if (dtype === data.dtype) return;
  const counts = others.get(dataId) ?? new Map<DataType, number>();
  others.set(dataId, counts.set(dtype, Math.max(0, (counts.get(dtype) ?? 0) + change)));
}

/**
 * The dtype that data have on WASM: that of all their tensors.
 *
 * @param dataId The data.
 * @param dtype What they are now.
 * @param tensors How many tensors they have.
 * @returns The dtype of those.
 * @throws {TypeError} If tensors of several dtypes share the data.
 */
export function dtypeOnWasm(dataId: object, { dtype }: SharedData, tensors: number): DataType {
  const cast = [...others.get(dataId) ?? []].filter(([, count]) => count > 0);
  if (cast.length === 0) return dtype;
  const [[own, count]] = cast as [[DataType, number]];
  if (cast.length === 1 && count >= tensors) return own;
  const shared = [...cast.map(([other]) => other), dtype].join(" and ");
  throw new TypeError(
    `Cannot use on the wasm backend what tensors of ${shared} share since a cast on another backend: ` +
      "dispose of those of one dtype, or make the tensor anew from its numbers, tf.tensor(await x.data(), x.shape, x.dtype)",
  );
}

/** Numbers in an array of a dtype. */
export function inArrayOf(dtype: DataType, values: unknown): unknown {
  const own = arrays[dtype as keyof typeof arrays];
  if (own === undefined || values instanceof own) return values;
  return own.from(values as ArrayLike<number>);
}
