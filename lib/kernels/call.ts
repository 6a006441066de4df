// Calling a kernel by name on the backend in use.

import * as tf from "@tensorflow/tfjs";
import { gradientDepth } from "../backend/engine.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Contract, KernelName } from "./contract.ts";

/**
 * Whether a gradient of a gradient is being taken.
 *
 * @returns True inside a function that is differentiated twice or more.
 */
export function isNestedGradient(): boolean {
  return gradientDepth() >= 2;
}

/**
 * Whether an operation is to run as this kernel: the backend in use has it, and no gradient of a gradient is being taken
 * (kernels have a first derivative; the composed forms have all of them).
 *
 * @param name The kernel.
 * @returns False after `useBackend(…, { kernels: "composed" })`, or where the backend cannot run it.
 */
export function hasKernel(name: KernelName): boolean {
  return !isNestedGradient() && tf.getKernel(name, tf.getBackend()) != null;
}

/**
 * Runs a kernel; tfjs records it and knows its gradient, where lib/ops registered one.
 *
 * @param name The kernel.
 * @param inputs Its inputs in the order of the contract; absent ones are left out.
 * @param attributes Its attributes.
 * @returns Its outputs in the order of the contract.
 */
export function callKernel<K extends KernelName>(
  name: K,
  inputs: readonly Tensor[],
  attributes: Contract[K],
): Tensor[] {
  // tfjs takes inputs by name; an array is one whose names are numbers, and the only form in which inputs may be absent
  const outputs = tf.engine().runKernel(
    name,
    [...inputs] as unknown as tf.NamedTensorMap,
    attributes as unknown as tf.NamedAttrMap,
  );
  return Array.isArray(outputs) ? outputs : [outputs as Tensor];
}

/** What a kernel's gradient gets, and gives. */
export interface KernelGradient<K extends KernelName> {
  /** Whether the inputs are kept for the gradient. */
  readonly keepInputs: boolean;
  /** Which outputs are kept. */
  readonly keepOutputs?: readonly boolean[];
  /** The gradients to the inputs, in their order; integer inputs have none. */
  gradient(
    dys: readonly Tensor[],
    kept: readonly Tensor[],
    attributes: Contract[K],
  ): readonly (Tensor | undefined)[];
}

/**
 * Gives a kernel its gradient, the same on every backend.
 *
 * @param name The kernel.
 * @param options What is kept, and the gradient; it is computed at once, since tfjs may dispose what a later call would read.
 */
export function registerKernelGradient<K extends KernelName>(
  name: K,
  { keepInputs, keepOutputs = [], gradient }: KernelGradient<K>,
): void {
  tf.registerGradient({
    kernelName: name,
    ...(keepInputs ? { saveAllInputs: true } : { inputsToSave: [] }),
    outputsToSave: [...keepOutputs],
    gradFunc: (dy, kept, attributes) => {
      const dys = Array.isArray(dy) ? dy : [dy];
      const gradients = gradient(dys, kept, attributes as unknown as Contract[K]);
      return Object.fromEntries(
        gradients.flatMap((value, at) => value === undefined ? [] : [[at, () => value]]),
      );
    },
  });
}
