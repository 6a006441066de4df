// tfjs's Identity without its copy: tensors never change, so the result shares the data, as tfjs's own Reshape does.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import type { WasmBackend } from "./runtime.ts";

/** @returns The kernel in place of tfjs's `Identity`. */
export function identityReplacement(): Record<string, tf.KernelFunc> {
  const original = tf.getKernel("Identity", "wasm").kernelFunc;
  return {
    Identity: (call) => {
      const { x } = call.inputs as unknown as { readonly x: TensorInfo };
      if (x.dtype === "string") return original(call);
      (call.backend as WasmBackend).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  };
}
