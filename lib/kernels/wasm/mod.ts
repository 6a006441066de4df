// The kernels of the WASM backend.

import * as tf from "@tensorflow/tfjs";
import type { KernelSet } from "../install.ts";
import { openRuntime, type WasmBackend } from "./runtime.ts";

/** @returns The kernels of the WASM backend, bound to the memory of the one in use. */
export function wasmKernels(): KernelSet {
  const runtime = openRuntime(tf.backend() as unknown as WasmBackend);
  return {
    kernels: {},
    replacements: {},
    detail: runtime.detail,
    absent: {},
  };
}
