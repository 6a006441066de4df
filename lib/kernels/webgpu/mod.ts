// The kernels of the WebGPU backend.

import * as tf from "@tensorflow/tfjs";
import type { KernelSet } from "../install.ts";
import { openRunner, type WebGpuBackend } from "./runner.ts";

/** @returns The kernels of the WebGPU backend, bound to the device of the one in use. */
export function webGpuKernels(): KernelSet {
  const _runner = openRunner(tf.backend() as unknown as WebGpuBackend);
  return {
    kernels: {},
    replacements: {},
    detail: "",
    absent: {},
  };
}
