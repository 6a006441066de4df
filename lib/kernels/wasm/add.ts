// tfjs's `Add` replaced for two tensors of one shape, as residual streams and gradients add up.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { sizeOf, splitElements } from "./elements.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The sum of two tensors of one shape.
 *
 * @param runtime The module.
 * @param a The one.
 * @param b The other.
 * @returns A new tensor.
 */
export function addTensors(runtime: Runtime, a: TensorInfo, b: TensorInfo): TensorInfo {
  const sum = runtime.output(a.shape);
  const [x, y, z] = [a, b, sum].map((tensor) => runtime.address(tensor));
  splitElements(
    runtime,
    "combine",
    sizeOf(a.shape),
    (bytes, count) => [x! + bytes, 1, y! + bytes, 1, z! + bytes, count],
  );
  return sum;
}

/** @returns The kernel in place of tfjs's `Add`; other dtypes, and broadcasting, go on to that. */
export function addReplacement(runtime: Runtime): Record<string, tf.KernelFunc> {
  const original = tf.getKernel("Add", "wasm").kernelFunc;
  return {
    Add: (call) => {
      const { a, b } = call.inputs as unknown as Record<"a" | "b", TensorInfo>;
      const alike = a.dtype === "float32" && b.dtype === "float32" &&
        tf.util.arraysEqual(a.shape, b.shape);
      return alike ? addTensors(runtime, a, b) : original(call);
    },
  };
}
