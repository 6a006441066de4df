// GPAS, alone and with the residual addition: the values, and the gradients to the gate. The gradient to what is scaled is the
// identity, which needs no kernel.

import type { AddGpasAttributes, GateActivation } from "../contract.ts";
import { type CpuKernel, type Plain, plainKernel } from "./plain_kernel.ts";

/** A gate's function and its derivative. */
interface Gate {
  value(gate: number): number;
  slope(gate: number): number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** x · σ(k x) */
const silu = (k: number): Gate => ({
  value: (x) => x * sigmoid(k * x),
  slope: (x) => sigmoid(k * x) * (1 + k * x * sigmoid(-k * x)),
});

/** Slope 1 above 0, and another one elsewhere. */
const bent = (below: number): Gate => ({
  value: (x) => x > 0 ? x : below * x,
  slope: (x) => x > 0 ? 1 : below,
});

const gates: Readonly<Record<GateActivation, Gate>> = {
  "silu": silu(1),
  "scaled-silu": silu(8),
  "identity": bent(1),
  "relu": bent(0),
  "leaky-relu": bent(0.01),
  "tanh": { value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
};

/** What each value of x and of the branch contributes, with c = 1 − act(gate). */
const weights: Readonly<
  Record<AddGpasAttributes["on"], (c: number, alpha: number) => readonly [number, number]>
> = {
  sum: (c, alpha) => [c * alpha, c],
  shortcut: (c, alpha) => [c * alpha, 1],
};

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
  ([x, branch, gate], { activation, on, alpha }) => {
    const c = 1 - gates[activation].value(gate!.values[0]!);
    const [ofX, ofBranch] = weights[on](c, alpha);
    return [combine(x!, ofX, branch!, ofBranch)];
  },
);

/** The gradient to its gate. */
export const addGpasGradientKernel: CpuKernel<"NormkitAddGpasGradient"> = plainKernel(
  ([dy, x, branch, gate], { activation, on, alpha }) => {
    const scaled = alpha * dot(dy!, x!) + (on === "sum" ? dot(dy!, branch!) : 0);
    return [scalar(-gates[activation].slope(gate!.values[0]!) * scaled)];
  },
);
