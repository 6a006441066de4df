// The kernels that read their rows again for every pass, with each way to share rows among threads: a machine takes only one by
// itself.

import { webGpuKernels } from "../../../../lib/kernels/webgpu/mod.ts";
import type { RowStrategy } from "../../../../lib/kernels/webgpu/strategy.ts";
import { onBackend } from "../../../support/backends.ts";
import { vectorOf } from "../../../support/evaluate.ts";
import { floats, integers, kernelCase } from "../../../support/kernels.ts";
import { assertLaunch } from "../../../support/launch.ts";
import { onGpuWithRows } from "../../../support/webgpu_features.ts";

/** Rows of less than a team's vectors, of a team's and a bit, of several a thread; with four numbers to a vector and with one. */
const scores = [[1, 1, 1], [3, 7, 8], [2, 33, 33], [5, 16, 260], [1, 3, 1030]];

const softmax = scores.flatMap((shape) => {
  const forward = kernelCase(
    "NormkitCausalSoftmax",
    [floats(shape, 1, { spread: 5 })],
    { scale: 0.4 },
  );
  const inputs = [floats(shape, 2), forward.expected()[0]!];
  return [forward, kernelCase("NormkitCausalSoftmaxGradient", inputs, { scale: 0.4 })];
});

const losses = [[1, 2], [5, 33], [300, 96], [7, 1030], [1500, 8]].map(([rows, classes]) =>
  kernelCase("NormkitCrossEntropy", [
    floats([rows!, classes!], 4, { spread: 3 }),
    integers(Array.from({ length: rows! }, (_, row) => (row * 7) % classes!)),
  ], {})
);

/** More tensors than a program binds, of all remainders by four. */
const norms = [[1], [3, 4, 5, 1000], Array.from({ length: 70 }, (_, at) => 1 + at * 5)].map((
  lengths,
) =>
  kernelCase(
    "NormkitGlobalNorm",
    lengths.map((length, at) => vectorOf(floats([length], at).values)),
    {},
  )
);

for (const rows of ["thread", "subgroup", "workgroup"] satisfies RowStrategy[]) {
  for (const [name, cases] of Object.entries({ softmax, losses, norms })) {
    onGpuWithRows(
      rows,
      `kernels of ${name} with a ${rows} a row are the oracle's`,
      () =>
        onBackend("webgpu", async () => {
          const { kernels } = await webGpuKernels(rows);
          for (const given of cases) await assertLaunch(kernels, given);
        }),
    );
  }
}
