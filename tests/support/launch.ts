// Kernels of a set that is not the one in use, such as those of another strategy, called past tfjs's registry.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { readAll } from "../../lib/backend/mod.ts";
import type { Kernels, TensorInfo } from "../../lib/kernels/mod.ts";
import { assertClose } from "./close.ts";
import { type KernelCase, operandTensor } from "./kernels.ts";
import { tolerance } from "./tolerances.ts";

type Run = (inputs: readonly TensorInfo[], attributes: unknown, backend: unknown) => TensorInfo[];

/** Runs a case on a kernel of WebGPU and compares every output with float64. */
export async function assertLaunch(
  kernels: Partial<Kernels<never>>,
  given: KernelCase,
): Promise<void> {
  const inputs = given.inputs.map(operandTensor);
  const run = kernels[given.name] as Run;
  const outputs = run(inputs, given.attributes, tf.backend())
    .map((info) => tf.engine().makeTensorFromTensorInfo(info));
  const values = await readAll(outputs);
  const shapes = outputs.map(({ shape }) => shape);
  tf.dispose([inputs, outputs]);
  given.expected().forEach((expected, at) => {
    const of = `${given.name} of [${given.inputs[0]!.shape}]: output ${at}`;
    assertEquals(shapes[at], [...expected.shape], of);
    assertClose(values[at]!, expected.values, tolerance("webgpu", "kernel"), of);
  });
}
