// The CPU's kernels without tfjs: arrays in, arrays out.

import { cpuKernels } from "../../lib/kernels/cpu/mod.ts";
import type { CpuBackend } from "../../lib/kernels/cpu/plain_kernel.ts";
import type { TensorInfo } from "../../lib/kernels/mod.ts";
import type { Given } from "./evaluate.ts";
import type { KernelCase } from "./kernels.ts";

/** Arrays in the place of tfjs's backend: a tensor's key is what holds its numbers. */
const arrays: CpuBackend = {
  data: { get: (dataId) => dataId as { values: Float32Array } },
  makeTensorInfo: (shape, dtype, values) => ({ dataId: { values }, shape, dtype }),
};

type AnyKernel = (
  inputs: readonly TensorInfo[],
  attributes: unknown,
  backend: CpuBackend,
) => TensorInfo[];

/** What the CPU's kernel gives. */
export function plainly({ name, inputs, attributes }: KernelCase): Given[] {
  const kernel = cpuKernels().kernels[name] as unknown as AnyKernel;
  const infos = inputs.map(({ shape, values, dtype = "float32" }): TensorInfo => ({
    dataId: { values: dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values) },
    shape: [...shape],
    dtype,
  }));
  return kernel(infos, attributes, arrays).map(({ shape, dataId }) => ({
    shape,
    values: (dataId as { values: Float32Array }).values,
  }));
}
