// Each way to share rows among threads, on one device: a machine takes only one by itself.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll } from "../../../../lib/backend/mod.ts";
import type { KernelName, TensorInfo } from "../../../../lib/kernels/mod.ts";
import { normKernels } from "../../../../lib/kernels/webgpu/norm.ts";
import { openRunner } from "../../../../lib/kernels/webgpu/runner.ts";
import type { WebGpuBackend } from "../../../../lib/kernels/webgpu/runner_types.ts";
import { chooseStrategy, type RowStrategy } from "../../../../lib/kernels/webgpu/strategy.ts";
import { onBackend } from "../../../support/backends.ts";
import { assertClose } from "../../../support/close.ts";
import { tensorOf } from "../../../support/evaluate.ts";
import type { KernelCase } from "../../../support/kernels.ts";
import { tolerance } from "../../../support/tolerances.ts";
import { onGpuWithRows } from "../../../support/webgpu_features.ts";
import { kinds, normCases } from "../norm_cases.ts";

type Run = (inputs: readonly TensorInfo[], attributes: unknown, backend: unknown) => TensorInfo[];

async function assertCase(
  kernels: Readonly<Record<string, Run>>,
  given: KernelCase,
): Promise<void> {
  const inputs = given.inputs.map(tensorOf);
  const infos = kernels[given.name]!(inputs, given.attributes, tf.backend());
  const outputs = infos.map((info) => tf.engine().makeTensorFromTensorInfo(info));
  const values = await readAll(outputs);
  tf.dispose([inputs, outputs]);
  given.expected().forEach((expected, at) => {
    const of = `${given.name} of [${expected.shape}]: output ${at}`;
    assertEquals(outputs[at]!.shape, [...expected.shape], of);
    assertClose(values[at]!, expected.values, tolerance("webgpu", "kernel"), of);
  });
}

/** Rows of one vector, of less than a team's, of a team's and a bit, of many; with four numbers to a vector and with one. */
const shapes = [[2, 4], [37, 13], [37, 128], [70, 516], [9, 1300]];

for (const rows of ["thread", "subgroup", "workgroup"] satisfies RowStrategy[]) {
  for (const name of ["norm", "gradient", "add", "addGradient"] as const) {
    const kernel: KernelName = normCases({ kind: "layer", shape: [1, 4] })[name].name;
    onGpuWithRows(
      rows,
      `${kernel} with a ${rows} a row is the oracle's`,
      () =>
        onBackend("webgpu", async () => {
          const backend = tf.backend() as unknown as WebGpuBackend;
          const strategy = await chooseStrategy(backend.device, rows);
          assertEquals(strategy.team(32).rows, rows);
          const kernels = normKernels(openRunner(backend), strategy) as Readonly<
            Record<string, Run>
          >;
          for (const kind of kinds) {
            for (const shape of shapes) await assertCase(kernels, normCases({ kind, shape })[name]);
            const plain = normCases({ kind, shape: [37, 13], gain: false, bias: false });
            await assertCase(kernels, plain[name]);
          }
        }),
    );
  }
}
