// The kernels on numbers that are stored in half precision, two of them in each int32. They are no part of the contract that
// every backend fulfills: of the backends only WebGPU has them.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { NormAttributes, TensorInfo } from "./contract.ts";

/** The kernels by name, with their attributes; `bits` are int32 [..., D / 2] with D a multiple of four, the rest is float32. */
export interface HalfContract {
  /** [x [..., D]] → [bits] */
  NormkitToHalf: Record<never, never>;
  /** [bits] → [x [..., D]] */
  NormkitFromHalf: Record<never, never>;
  /** [x bits, gain? [D], bias? [D]] → [y bits] */
  NormkitHalfNorm: NormAttributes;
  /** [dy bits, x bits, gain?] → [dx bits, dGain?, dBias?] */
  NormkitHalfNormGradient: NormAttributes;
}

/** These kernels on a backend; `B` is tfjs's backend object. */
export type HalfKernels<B> = {
  readonly [K in keyof HalfContract]: (
    inputs: readonly TensorInfo[],
    attributes: HalfContract[K],
    backend: B,
  ) => TensorInfo[];
};

/**
 * The backend in use lacks a kernel that cannot be done without.
 *
 * Cause: half precision, which is for WebGPU alone, or fused layers, before `useBackend()` was awaited or after it was asked for
 * composed kernels.
 * Remedy: await `useBackend()` first, with "webgpu" for half precision.
 */
export class KernelUnavailableError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "KernelUnavailableError";
  /** The name under which it would be registered with tfjs. */
  readonly kernel: string;

  /**
   * Says what is missing and what to do.
   *
   * @param kernel The kernel.
   * @param backend The backend in use.
   * @param remedy What to do.
   */
  constructor(kernel: string, backend: string, remedy: string) {
    super(`Cannot run ${kernel}: the ${backend} backend in use does not have it. ${remedy}`);
    this.kernel = kernel;
  }
}

/**
 * Runs such a kernel.
 *
 * @param name The kernel.
 * @param inputs Its inputs in the order of the contract; absent ones are left out.
 * @param attributes Its attributes.
 * @returns Its outputs in the order of the contract.
 * @throws {KernelUnavailableError} If the backend in use lacks it.
 */
export function callHalfKernel<K extends keyof HalfContract>(
  name: K,
  inputs: readonly Tensor[],
  attributes: HalfContract[K],
): Tensor[] {
  const backend = tf.getBackend();
  if (tf.getKernel(name, backend) == null) {
    throw new KernelUnavailableError(name, backend, 'Use "webgpu" with fused kernels');
  }
  const outputs = tf.engine().runKernel(
    name,
    [...inputs] as unknown as tf.NamedTensorMap,
    attributes as unknown as tf.NamedAttrMap,
  );
  return Array.isArray(outputs) ? outputs : [outputs as Tensor];
}
