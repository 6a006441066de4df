// A tensor's numbers as another dtype, for the length of a kernel.

import * as tf from "@tensorflow/tfjs";
import type { DataType } from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";

/** A kernel's backend, as far as it is looked at here. */
interface Backend {
  disposeData(dataId: object): boolean;
}

/**
 * A tensor's numbers in another dtype.
 *
 * @param backend tfjs's WASM backend, as a kernel gets it.
 * @param x The tensor.
 * @param dtype The other dtype.
 * @returns A new tensor.
 */
export function cast(backend: unknown, x: TensorInfo, dtype: DataType): TensorInfo {
  const { kernelFunc } = tf.getKernel("Cast", "wasm");
  return kernelFunc({ inputs: { x }, attrs: { dtype }, backend } as never) as TensorInfo;
}

/**
 * Runs `f` on a tensor that only leads from one kernel to the next, and frees that.
 *
 * @param backend tfjs's WASM backend, as a kernel gets it.
 * @param x The tensor.
 * @param f What reads it; its result must not share the data.
 * @returns What `f` returns.
 */
export function through<T>(backend: unknown, x: TensorInfo, f: (x: TensorInfo) => T): T {
  try {
    return f(x);
  } finally {
    (backend as Backend).disposeData(x.dataId);
  }
}
