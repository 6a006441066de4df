// Integers that a tensor declares to be floats, turned into floats. tfjs casts int32 and bool to float32 without touching the
// data, so that a buffer holds integers that its tensor's dtype does not tell of; programs read a buffer as what it declares.

import * as tf from "@tensorflow/tfjs";
import type { DataType } from "@tensorflow/tfjs";
import { isSoftwareAdapter } from "../../backend/webgpu.ts";
import type { TensorInfo } from "../contract.ts";
import { walkMain, walkOf, walkUniforms } from "./elements.ts";
import type { Runner } from "./runner_types.ts";
import { declare } from "./wgsl.ts";

/** A tensor's integers as floats, a new tensor. */
function toFloats(runner: Runner, { dataId, shape }: TensorInfo): TensorInfo {
  const software = isSoftwareAdapter(runner.device.adapterInfo);
  const walk = walkOf(tf.util.sizeFromShape(shape), software, 2 ** 24);
  const [floats] = runner.run({
    key: `floats of integers ${walk.type}`,
    wgsl: () =>
      declare({
        inputs: { x: walk.type === "vec4f" ? "vec4i" : "i32" },
        outputs: { y: walk.type },
        uniforms: { u32: walkUniforms },
      }) + walkMain(walk, { body: `y[at] = ${walk.type}(x[at]);` }),
    inputs: [{ dataId, shape, dtype: "int32" }],
    outputs: [{ shape }],
    uniforms: { u32: walk.u32 },
    groups: walk.groups,
  });
  return floats!;
}

/**
 * A runner whose programs get floats wherever a tensor says float32.
 *
 * @param runner Runs programs on buffers as they are.
 * @param storedAs The dtype that the data of a tensor has on the device.
 * @returns The runner.
 */
export function convertCasts(
  runner: Runner,
  storedAs: (tensor: TensorInfo) => DataType,
): Runner {
  const isCast = (tensor: TensorInfo): boolean =>
    tensor.dtype === "float32" && storedAs(tensor) !== "float32";
  return {
    ...runner,
    run: (launch) => {
      if (!launch.inputs.some(isCast)) return runner.run(launch);
      const made: TensorInfo[] = [];
      try {
        const inputs = launch.inputs.map((tensor) => {
          if (!isCast(tensor)) return tensor;
          made.push(toFloats(runner, tensor));
          return made.at(-1)!;
        });
        return runner.run({ ...launch, inputs });
      } finally {
        runner.free(...made);
      }
    },
  };
}
