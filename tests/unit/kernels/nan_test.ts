// NaN in an input of any kernel reaches the numbers that it reaches in float64, and no others: compilers may drop it from sums,
// products and exponentials, and a training that has diverged must say so.

import { assertEquals } from "@std/assert";
import { groupBy } from "../../../lib/core/collections.ts";
import type { GateActivation, KernelName } from "../../../lib/kernels/mod.ts";
import { gateActivations } from "../../reference/gpas.ts";
import {
  type KernelCase,
  kernelCase,
  onEachBackendWith,
  outputsOf,
} from "../../support/kernels.ts";
import { normCases } from "./norm_cases.ts";
import { samplesOf } from "./sample_cases.ts";

/** Kernels that take what another one has computed of NaN: tests of their own ask both. */
const paired: readonly KernelName[] = [
  "NormkitAttentionGradient",
  "NormkitCausalSoftmaxGradient",
  "NormkitCrossEntropyGradient",
];

/** Every kernel with every attribute that decides about numbers. */
const cases = [7, 12].flatMap((width) =>
  [
    ...Object.values(samplesOf(5, width)),
    ...(["rms", "crms"] as const).flatMap((kind) =>
      Object.values(normCases({ kind, shape: [5, width] }))
    ),
  ].filter(({ name }) => !paired.includes(name)).flatMap(withActivations)
);

/** A case with each gate, where it has one. */
function withActivations(given: KernelCase): KernelCase[] {
  if (!("activation" in given.attributes)) return [given];
  const activations = Object.keys(gateActivations) as GateActivation[];
  return activations.map((activation) =>
    kernelCase(given.name, given.inputs, { ...given.attributes, activation })
  );
}

/** The case with NaN in the second number of each input of floats, or in its only one. */
function withNaN({ name, inputs, attributes }: KernelCase): KernelCase[] {
  return inputs.flatMap((input, at) => {
    if (input.dtype === "int32") return [];
    const values = Array.from(input.values);
    values[Math.min(1, values.length - 1)] = NaN;
    return [kernelCase(name, inputs.with(at, { ...input, values }), attributes)];
  });
}

for (const [name, given] of groupBy(cases, ({ name }) => name)) {
  onEachBackendWith([name], `${name} keeps NaN, and where it is`, async (backend) => {
    for (const damaged of given.flatMap(withNaN)) {
      const expected = damaged.expected();
      const found = await outputsOf(backend, damaged);
      const where = damaged.inputs.findIndex(({ values }) => Array.from(values).includes(NaN));
      expected.forEach(({ values }, at) =>
        assertEquals(
          Array.from(found[at]!.values, Number.isNaN),
          Array.from(values, Number.isNaN),
          `output ${at} of ${JSON.stringify(damaged.attributes)}, NaN in input ${where}`,
        )
      );
    }
  });
}
