// GPAS, alone and with the residual addition: the values, and the gradients to the gate. The gradient to what is scaled is the
// identity, which needs no kernel.

import { gates, slopeWeights, valueWeights } from "../gate.ts";
import { type CpuKernel, type Plain, plainKernel } from "./plain_kernel.ts";

/** a ⊙ x + b ⊙ branch */
function combine(x: Plain, a: number, branch: Plain, b: number): Plain<Float32Array> {
  const values = new Float32Array(x.values.length);
  for (let i = 0; i < values.length; i++) values[i] = a * x.values[i]! + b * branch.values[i]!;
  return { shape: x.shape, values };
}

function dot(a: Plain, b: Plain): number {
  let total = 0;
  for (let i = 0; i < a.values.length; i++) total += a.values[i]! * b.values[i]!;
  return total;
}

const scalar = (value: number): Plain<Float32Array> => ({
  shape: [],
  values: Float32Array.of(value),
});

/** x scaled by 1 − act(gate). */
export const gpasKernel: CpuKernel<"NormkitGpas"> = plainKernel(([x, gate], { activation }) => {
  const c = 1 - gates[activation].value(gate!.values[0]!);
  return [{ shape: x!.shape, values: Float32Array.from(x!.values, (value) => c * value) }];
});

/** The gradient to the gate. */
export const gpasGradientKernel: CpuKernel<"NormkitGpasGradient"> = plainKernel(
  ([dy, x, gate], { activation }) => [
    scalar(-gates[activation].slope(gate!.values[0]!) * dot(dy!, x!)),
  ],
);

/** The residual addition, its sum or its shortcut scaled. */
export const addGpasKernel: CpuKernel<"NormkitAddGpas"> = plainKernel(
  ([x, branch, gate], attributes) => {
    const weights = valueWeights(gate!.values[0]!, attributes);
    return [combine(x!, weights.x, branch!, weights.branch)];
  },
);

/** The gradient to its gate. */
export const addGpasGradientKernel: CpuKernel<"NormkitAddGpasGradient"> = plainKernel(
  ([dy, x, branch, gate], attributes) => {
    const weights = slopeWeights(gate!.values[0]!, attributes);
    return [scalar(weights.x * dot(dy!, x!) + weights.branch * dot(dy!, branch!))];
  },
);
