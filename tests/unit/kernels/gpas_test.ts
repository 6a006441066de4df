// The GPAS kernels against float64: every gate function, both places, sizes that are no multiple of anything.

import type { AddGpasAttributes, GateActivation } from "../../../lib/kernels/mod.ts";
import { gateActivations } from "../../reference/gpas.ts";
import { scalarOf } from "../../support/evaluate.ts";
import {
  assertKernel,
  floats,
  type KernelCase,
  kernelCase,
  onEachBackendWith,
} from "../../support/kernels.ts";

const names = [
  "NormkitGpas",
  "NormkitGpasGradient",
  "NormkitAddGpas",
  "NormkitAddGpasGradient",
] as const;

type Cases = Readonly<Record<(typeof names)[number], KernelCase>>;

/** The four kernels on one gate and one shape. */
function casesOf(shape: readonly number[], gate: number, attributes: AddGpasAttributes): Cases {
  const [x, branch, dy] = [floats(shape, 1), floats(shape, 2), floats(shape, 3)];
  const scalar = scalarOf(Math.fround(gate));
  const { activation } = attributes;
  return {
    NormkitGpas: kernelCase("NormkitGpas", [x, scalar], { activation }),
    NormkitGpasGradient: kernelCase("NormkitGpasGradient", [dy, x, scalar], { activation }),
    NormkitAddGpas: kernelCase("NormkitAddGpas", [x, branch, scalar], attributes),
    NormkitAddGpasGradient: kernelCase(
      "NormkitAddGpasGradient",
      [dy, x, branch, scalar],
      attributes,
    ),
  };
}

/** On the sum and on the shortcut, with α = 1 and another. */
const places = [{ on: "sum", alpha: 1 }, { on: "sum", alpha: 1.75 }, {
  on: "shortcut",
  alpha: 0.5,
}] as const;

const activations = Object.keys(gateActivations) as GateActivation[];
const byGate = activations.flatMap((activation) =>
  [-2.5, -0.3, 0, 0.4, 3].flatMap((gate) =>
    places.map((place) => casesOf([3, 11], gate, { activation, ...place }))
  )
);

const bySize = [[1], [3], [7, 1], [5, 33], [2, 3, 4, 129], [300, 1021]].flatMap((shape) =>
  places.map((place) => casesOf(shape, 0.7, { activation: "silu", ...place }))
);

for (const name of names) {
  const quantity = name.endsWith("Gradient") ? "slope of a gate" : "kernel";
  onEachBackendWith([name], `${name} is the oracle's for every gate`, async (backend) => {
    for (const cases of byGate) await assertKernel(backend, cases[name], quantity);
  });

  onEachBackendWith([name], `${name} is the oracle's at every size`, async (backend) => {
    for (const cases of bySize) await assertKernel(backend, cases[name]);
  });
}
