// The joint norm of any number of tensors: a row of partial sums goes from program to program, each of which adds as many
// tensors as the device binds at once.

import * as tf from "@tensorflow/tfjs";
import type { Kernels, TensorInfo } from "../contract.ts";
import { inGroups } from "./groups.ts";
import { vectorsOf } from "./norm_source.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";
import type { Strategy } from "./strategy.ts";
import { totalOf } from "./total.ts";
import { declare } from "./wgsl.ts";

const threads = 64;

/** Partial sums: enough for a GPU to be busy, few enough to be added by one team. */
const partialSums = 16 * threads;

/** [tensors, partial sums so far?] → [partial sums]; a thread takes vectors of every tensor, as far apart as there are threads. */
function squaresSource(types: readonly string[], continued: boolean): string {
  const add = types.map((type, index) => `
  for (var at = thread; at < uniforms.size${index}; at += ${partialSums}u) {
    let v = x${index}[at];
    sum += ${type === "f32" ? "v * v" : "dot(v, v)"};
  }`);
  return `${
    declare({
      inputs: {
        ...Object.fromEntries(types.map((type, index) => [`x${index}`, type])),
        ...(continued ? { so_far: "f32" } : {}),
      },
      outputs: { sums: "f32" },
      uniforms: { u32: types.map((_, index) => `size${index}`) },
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
  const addSquares = (
    soFar: readonly TensorInfo[],
    tensors: readonly TensorInfo[],
  ): TensorInfo[] => {
    const vectors = tensors.map(({ shape }) => vectorsOf(tf.util.sizeFromShape(shape)));
    const types = vectors.map(({ type }) => type);
    const sums = runner.run({
      key: `NormkitGlobalNorm ${types.join(" ")}${soFar.length > 0 ? " continued" : ""}`,
      wgsl: () => squaresSource(types, soFar.length > 0),
      inputs: [...tensors, ...soFar],
      outputs: [{ shape: [partialSums] }],
      uniforms: { u32: vectors.map(({ count }) => count) },
      groups: partialSums / threads,
    });
    runner.free(...soFar);
    return sums;
  };
  return {
    NormkitGlobalNorm: (tensors) => {
      const parts = inGroups(runner.device, tensors, { each: 1, common: 2 });
      const [sums] = parts.reduce(addSquares, [] as readonly TensorInfo[]);
      return [totalOf(runner, strategy, sums!, { finish: "sqrt(sum)" })];
    },
  };
}
