// The GELU kernels against float64, tails and large values included.

import { assertEquals } from "@std/assert";
import {
  assertKernel,
  floats,
  kernelCase,
  onEachBackendWith,
  outputsOf,
} from "../../support/kernels.ts";
import type { Given } from "../../support/evaluate.ts";

const forms = ["none", "tanh"] as const;

/** Numbers from `first` to `last` in equal steps. */
function range(first: number, last: number, count: number): Given {
  const step = (last - first) / (count - 1);
  return {
    shape: [count],
    values: Float32Array.from({ length: count }, (_, k) => first + k * step),
  };
}

const inputs: readonly Given[] = [
  range(-0.01, 0.01, 101), // where x Φ(x) is x / 2
  range(-3, 3, 1021),
  range(-10, 10, 401),
  ...[[1], [3], [2, 3, 5], [7, 9, 1, 11]].map((shape) => floats(shape, 8, { spread: 3 })),
];

/** Where the exact form is small: an error there hides behind larger values elsewhere. */
const tail = range(-5, -2.5, 257);

for (const approximation of forms) {
  onEachBackendWith(
    ["NormkitGelu"],
    `NormkitGelu (${approximation}) is the oracle's`,
    async (backend) => {
      for (const x of inputs) {
        await assertKernel(backend, kernelCase("NormkitGelu", [x], { approximation }));
      }
    },
  );

  onEachBackendWith(
    ["NormkitGeluGradient"],
    `NormkitGeluGradient (${approximation}) is the oracle's`,
    async (backend) => {
      for (const x of inputs) {
        const dy = floats(x.shape, 9);
        await assertKernel(backend, kernelCase("NormkitGeluGradient", [dy, x], { approximation }));
      }
    },
  );

  onEachBackendWith(
    ["NormkitGelu", "NormkitGeluGradient"],
    `NormkitGelu (${approximation}) is x or 0 far away, and NaN of NaN`,
    async (backend) => {
      const x = { shape: [5], values: [-300, -40, 40, 300, NaN] };
      const [y] = await outputsOf(backend, kernelCase("NormkitGelu", [x], { approximation }));
      // −0 and 0 are one number here
      assertEquals(Array.from(y!.values, (value) => value + 0), [0, 0, 40, 300, NaN]);
      const dy = { shape: [5], values: [1, 1, 1, 1, 1] };
      const gradient = kernelCase("NormkitGeluGradient", [dy, x], { approximation });
      const [dx] = await outputsOf(backend, gradient);
      assertEquals(Array.from(dx!.values, (value) => value + 0), [0, 0, 1, 1, NaN]);
    },
  );
}

onEachBackendWith(
  ["NormkitGelu"],
  "NormkitGelu (none) keeps digits in its left tail",
  async (backend) => {
    const given = kernelCase("NormkitGelu", [tail], { approximation: "none" });
    await assertKernel(backend, given, "tail of GELU");
  },
);
