// A kernel as a function of plain arrays: the tensors' numbers go in, new arrays come out. The other files of this folder know
// nothing of tfjs.

import type { DataType } from "@tensorflow/tfjs";
import type { Contract, KernelName, TensorInfo } from "../contract.ts";

/** A tensor as an array. */
export interface Plain<Values = Float32Array | Int32Array> {
  /** The length of each axis. */
  readonly shape: readonly number[];
  /** The numbers, row by row. */
  readonly values: Values;
}

/** What is used of tfjs's CPU backend. */
export interface CpuBackend {
  /** Where the numbers are. */
  readonly data: { get(dataId: object): { readonly values: Float32Array | Int32Array } };
  /** A new tensor of these numbers; they are not copied. */
  makeTensorInfo(shape: number[], dtype: DataType, values: Float32Array): TensorInfo;
}

/** A kernel of the CPU backend. */
export type CpuKernel<K extends KernelName> = (
  inputs: readonly TensorInfo[],
  attributes: Contract[K],
  backend: CpuBackend,
) => TensorInfo[];

/**
 * Makes a kernel of a function of arrays.
 *
 * @param f The function; it changes none of its inputs.
 * @returns The kernel.
 */
export function plainKernel<K extends KernelName>(
  f: (inputs: readonly Plain[], attributes: Contract[K]) => Plain<Float32Array>[],
): CpuKernel<K> {
  return (inputs, attributes, backend) =>
    f(
      inputs.map(({ dataId, shape }) => ({ shape, values: backend.data.get(dataId).values })),
      attributes,
    ).map(({ shape, values }) => backend.makeTensorInfo([...shape], "float32", values));
}
