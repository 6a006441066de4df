// The joint norm of any number of tensors: a row of partial sums goes from program to program, each of which adds as many
// tensors as the device binds at once.

import type { Kernels, TensorInfo } from "../contract.ts";
import type { Runner, WebGpuBackend } from "./runner.ts";
import type { Strategy } from "./strategy.ts";
import { totalOf } from "./total.ts";
import { declare } from "./wgsl.ts";

const threads = 64;

/** Partial sums: enough for a GPU to be busy, few enough to be added by one team. */
const partialSums = 16 * threads;

/** [tensors, partial sums so far?] → [partial sums]; every thread takes every so-manieth number of every tensor. */
function squaresSource(packed: readonly boolean[], continued: boolean): string {
  const add = packed.map((four, index) => `
  for (var at = thread; at < arrayLength(&x${index}); at += ${partialSums}u) {
    let v = x${index}[at];
    sum += ${four ? "dot(v, v)" : "v * v"};
  }`);
  return `${
    declare({
      inputs: {
        ...Object.fromEntries(packed.map((four, index) => [`x${index}`, four ? "vec4f" : "f32"])),
        ...(continued ? { so_far: "f32" } : {}),
      },
      outputs: { sums: "f32" },
    })
  }
@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let thread = id.x;
  var sum = ${continued ? "so_far[thread]" : "0.0"};${add.join("")}
  sums[thread] = sum;
}`;
}

/** The joint norm on a device. */
export function globalNormKernels(
  runner: Runner,
  strategy: Strategy,
): Pick<Kernels<WebGpuBackend>, "NormkitGlobalNorm"> {
  const atOnce = runner.device.limits.maxStorageBuffersPerShaderStage - 2;
  const addSquares = (
    soFar: readonly TensorInfo[],
    tensors: readonly TensorInfo[],
  ): TensorInfo[] => {
    const packed = tensors.map(({ shape }) =>
      shape.reduce((product, length) => product * length, 1) % 4 === 0
    );
    const sums = runner.run({
      key: `NormkitGlobalNorm ${packed.map((four) => four ? 4 : 1).join("")} ${soFar.length}`,
      wgsl: () => squaresSource(packed, soFar.length > 0),
      inputs: [...tensors, ...soFar],
      outputs: [{ shape: [partialSums] }],
      groups: partialSums / threads,
    });
    runner.free(...soFar);
    return sums;
  };
  return {
    NormkitGlobalNorm: (tensors) => {
      const filled = tensors.filter(({ shape }) => !shape.includes(0));
      const parts = Array.from(
        { length: Math.ceil(filled.length / atOnce) },
        (_, part) => filled.slice(part * atOnce, (part + 1) * atOnce),
      );
      const [sums] = parts.reduce(addSquares, [] as readonly TensorInfo[]);
      return [totalOf(runner, strategy, sums!, { finish: "sqrt(sum)" })];
    },
  };
}
