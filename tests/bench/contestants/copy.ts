// The plain kernel x → y of each backend, the measure of all others: a SIMD loop in our WASM module, a WGSL program of ours, a
// typed array's slice. It is registered with tfjs, so that it costs what a kernel costs to call.

import * as tf from "@tensorflow/tfjs";
import type { BackendName, Tensor } from "@normkit/normkit";
import type { TensorInfo } from "../../../lib/kernels/mod.ts";
import { openRuntime, type WasmBackend } from "../../../lib/kernels/wasm/runtime.ts";
import { openRunner } from "../../../lib/kernels/webgpu/runner.ts";
import type { WebGpuBackend } from "../../../lib/kernels/webgpu/runner_types.ts";
import { declare, groupIndex } from "../../../lib/kernels/webgpu/wgsl.ts";
import type { Contestant } from "../timing/contestant.ts";
import { tensorRunner } from "./tfjs.ts";

type Copy = (x: TensorInfo) => TensorInfo;

function sizeOf({ shape }: TensorInfo): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

function wasmCopy(): Copy {
  const runtime = openRuntime(tf.backend() as unknown as WasmBackend);
  return (x) => {
    const y = runtime.output(x.shape);
    runtime.call("copy", runtime.address(x), runtime.address(y), sizeOf(x));
    return y;
  };
}

/** Four numbers a thread; sizes are divisible by four here. */
const wgsl = declare({
  inputs: { x: "vec4f" },
  outputs: { y: "vec4f" },
  uniforms: { u32: ["size"] },
}) + groupIndex + `
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = group_index(id, count) * 64u + lane;
  if (at < uniforms.size) { y[at] = x[at]; }
}`;

function webGpuCopy(): Copy {
  const runner = openRunner(tf.backend() as unknown as WebGpuBackend);
  return (x) => {
    const size = sizeOf(x) / 4;
    return runner.run({
      key: "BenchCopy",
      wgsl: () => wgsl,
      inputs: [x],
      outputs: [{ shape: x.shape }],
      uniforms: { u32: [size] },
      groups: Math.ceil(size / 64),
    })[0]!;
  };
}

function cpuCopy(): Copy {
  const backend = tf.backend() as unknown as {
    data: { get(dataId: object): { values: Float32Array } };
    makeTensorInfo(shape: number[], dtype: "float32", values: Float32Array): TensorInfo;
  };
  return (x) =>
    backend.makeTensorInfo(x.shape, "float32", backend.data.get(x.dataId).values.slice());
}

const copies: Readonly<Record<BackendName, () => Copy>> = {
  wasm: wasmCopy,
  webgpu: webGpuCopy,
  cpu: cpuCopy,
};

/**
 * The copy of a matrix.
 *
 * @param backend The backend in use.
 * @param shape The matrix's shape.
 * @returns The contestant.
 */
export function copyContestant(backend: BackendName, shape: [number, number]): Contestant {
  return {
    task: "copy",
    name: "copy",
    setup: () => {
      if (tf.getKernel("BenchCopy", backend) == null) {
        const copy = copies[backend]();
        tf.registerKernel({
          kernelName: "BenchCopy",
          backendName: backend,
          kernelFunc: ({ inputs }) => copy(inputs["x"] as TensorInfo) as tf.TensorInfo,
        });
      }
      const x = tf.randomNormal(shape);
      return tensorRunner([x], () => tf.engine().runKernel("BenchCopy", { x }) as Tensor);
    },
  };
}
