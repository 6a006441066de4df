// tfjs's `OneHot`, which writes integers whatever dtype is asked for, with a cast of them.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import { cast, through } from "./cast.ts";

/** @returns The kernel in place of tfjs's `OneHot`. */
export function oneHotReplacement(): Record<string, tf.KernelFunc> {
  const original = tf.getKernel("OneHot", "wasm").kernelFunc;
  return {
    OneHot: (call) => {
      const { dtype, ...attrs } = call.attrs as unknown as { readonly dtype: tf.DataType };
      const ones = original({ ...call, attrs: { ...attrs, dtype: "int32" } }) as TensorInfo;
      return dtype === "int32"
        ? ones
        : through(call.backend, ones, (ones) => cast(call.backend, ones, dtype));
    },
  };
}
