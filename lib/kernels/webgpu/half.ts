// Half precision in memory, single precision in registers: the conversions, and the norms on such tensors.
//
// pack2x16float and unpack2x16float are part of every WebGPU. The feature `shader-f16` would spare the conversion in registers,
// which is no bound here, and sums would still have to be single.

import * as tf from "@tensorflow/tfjs";
import type { TensorInfo } from "../contract.ts";
import type { HalfKernels } from "../half.ts";
import { walkMain, walkOf, walkUniforms } from "./elements.ts";
import { openNorms } from "./norm_run.ts";
import { halfFunctions } from "./norm_source.ts";
import type { OutputSpec, Runner, WebGpuBackend } from "./runner_types.ts";
import type { Strategy } from "./strategy.ts";
import { declare } from "./wgsl.ts";

/** The kernels on tensors in half precision, on a device. */
export function halfKernels(runner: Runner, strategy: Strategy): HalfKernels<WebGpuBackend> {
  const norms = openNorms(runner, strategy, "half");

  /** A program that maps vectors of four numbers between the two precisions. */
  const convert = (
    name: keyof HalfKernels<WebGpuBackend>,
    x: TensorInfo,
    output: OutputSpec,
    { size, types, call }: { size: number; types: readonly [string, string]; call: string },
  ): TensorInfo[] => {
    const walk = walkOf(size, strategy.software, 2 ** 24);
    return runner.run({
      key: name,
      wgsl: () =>
        declare({
          inputs: { x: types[0] },
          outputs: { y: types[1] },
          uniforms: { u32: walkUniforms },
        }) + halfFunctions + walkMain(walk, { body: `y[at] = ${call}(x[at]);` }),
      inputs: [x],
      outputs: [output],
      uniforms: { u32: walk.u32 },
      groups: walk.groups,
    });
  };

  return {
    NormkitToHalf: ([x]) => {
      const { shape } = x!;
      const output = { shape: [...shape.slice(0, -1), shape.at(-1)! / 2], dtype: "int32" } as const;
      const size = tf.util.sizeFromShape(shape);
      return convert("NormkitToHalf", x!, output, {
        size,
        types: ["vec4f", "vec2u"],
        call: "store",
      });
    },
    NormkitFromHalf: ([bits]) => {
      const { shape } = bits!;
      const output = { shape: [...shape.slice(0, -1), shape.at(-1)! * 2] };
      const size = 2 * tf.util.sizeFromShape(shape);
      return convert("NormkitFromHalf", bits!, output, {
        size,
        types: ["vec2u", "vec4f"],
        call: "load",
      });
    },
    NormkitHalfNorm: (inputs, attributes) => norms.forward("NormkitHalfNorm", inputs, attributes),
    NormkitHalfNormGradient: (inputs, attributes) =>
      norms.backward("NormkitHalfNormGradient", inputs, attributes, false),
  };
}
