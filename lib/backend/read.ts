// Reading tensors back. Reads are asynchronous on every backend, and reads that belong together are made together: each one
// waits for the GPU.

import * as tf from "@tensorflow/tfjs";
import { inAnotherTurn } from "./interrupt.ts";
import { throwGpuError } from "./webgpu.ts";
import type { Tensor } from "../core/tensor.ts";

/** The numbers of a tensor. */
export type Numbers = Float32Array | Int32Array | Uint8Array;

/** tfjs casts to a wider dtype without touching the data, and reads the data as they are. */
async function read(tensor: Tensor): Promise<Numbers> {
  return tf.util.toTypedArray(await tensor.data(), tensor.dtype) as Numbers;
}

/**
 * Reads tensors back in one go.
 *
 * @param tensors The tensors; they are not disposed.
 * @returns Their values in the same order, as arrays of their dtypes.
 * @throws {GpuError} If the GPU reported an error since the last read.
 */
export async function readAll(tensors: readonly Tensor[]): Promise<Numbers[]> {
  const values = await inAnotherTurn(Promise.all(tensors.map(read)));
  throwGpuError();
  return values;
}

/**
 * Reads tensors back in one go and frees them.
 *
 * @param tensors The tensors; they are disposed.
 * @returns Their values in the same order, as arrays of their dtypes.
 * @throws {GpuError} If the GPU reported an error since the last read.
 */
export async function takeAll(tensors: readonly Tensor[]): Promise<Numbers[]> {
  try {
    return await readAll(tensors);
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}

/**
 * Reads the numbers that `f` computes, one number for each scalar tensor, and frees them.
 *
 * @param scalars Tensors of one element; they are disposed.
 * @returns Their values in the same order.
 * @throws {GpuError} If the GPU reported an error since the last read.
 */
export async function takeNumbers(scalars: readonly Tensor[]): Promise<number[]> {
  return (await takeAll(scalars)).map((values) => values[0]!);
}
