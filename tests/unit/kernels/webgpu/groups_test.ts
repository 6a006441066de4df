// Kernels of many tensors where the device binds few at once, as many do: the least is eight.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { adamWKernels } from "../../../../lib/kernels/webgpu/adamw.ts";
import { globalNormKernels } from "../../../../lib/kernels/webgpu/global_norm.ts";
import { inGroups } from "../../../../lib/kernels/webgpu/groups.ts";
import { linearKernels } from "../../../../lib/kernels/webgpu/linear.ts";
import { softwareProduct } from "../../../../lib/kernels/webgpu/product.ts";
import { openRunner } from "../../../../lib/kernels/webgpu/runner.ts";
import type { Runner, WebGpuBackend } from "../../../../lib/kernels/webgpu/runner_types.ts";
import { chooseStrategy } from "../../../../lib/kernels/webgpu/strategy.ts";
import { onBackend } from "../../../support/backends.ts";
import { assertLaunch } from "../../../support/launch.ts";
import { onGpuWithRows } from "../../../support/webgpu_features.ts";
import { samplesOf } from "../sample_cases.ts";

const binding = (count: number) =>
  ({ limits: { maxStorageBuffersPerShaderStage: count } }) as unknown as GPUDevice;

Deno.test("inGroups() fills groups with what a program binds, one at least, 32 at most", () => {
  const sizesOf = (count: number, each: number): number[] =>
    inGroups(binding(count), Array(9).fill(0), { each, common: 1 }).map(({ length }) => length);
  assertEquals(sizesOf(8, 7), Array(9).fill(1));
  assertEquals(sizesOf(8, 3), [2, 2, 2, 2, 1]);
  assertEquals(sizesOf(8, 9), Array(9).fill(1));
  assertEquals(inGroups(binding(1e6), Array(70).fill(0), { each: 1, common: 2 }).length, 3);
  assertEquals(inGroups(binding(8), [], { each: 1, common: 2 }), []);
});

/** A runner that takes no launch with more than so many tensors. */
function strict(runner: Runner, most: number): Runner {
  return {
    ...runner,
    device: binding(most),
    run: (launch) => {
      const bound = launch.inputs.length + launch.outputs.length;
      if (bound > most) throw new RangeError(`${launch.key} binds ${bound} tensors of ${most}`);
      return runner.run(launch);
    },
  };
}

for (const most of [8, 10, 32]) {
  onGpuWithRows(
    "thread",
    `kernels of many tensors are the oracles' on a device that binds ${most}`,
    () =>
      onBackend("webgpu", async () => {
        const backend = tf.backend() as unknown as WebGpuBackend;
        const strategy = await chooseStrategy(backend.device);
        const runner = openRunner(backend);
        const product = softwareProduct(strict(runner, most), strategy);
        const kernels = {
          ...adamWKernels(strict(runner, most)),
          ...globalNormKernels(strict(runner, most), strategy),
          ...linearKernels(strict(runner, most), product),
        };
        const samples = samplesOf(12, 20);
        for (const name of Object.keys(kernels) as (keyof typeof kernels)[]) {
          await assertLaunch(kernels, samples[name]);
        }
      }),
  );
}
