// The functions of a GPAS gate and their derivatives, on numbers: for backends that read the gate on the host.

import type { AddGpasAttributes, GateActivation } from "./contract.ts";

/** A gate's function and its derivative. */
export interface Gate {
  /** act(gate) */
  value(gate: number): number;
  /** act′(gate) */
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

/** The functions by the names under which variants and files have them. */
export const gates: Readonly<Record<GateActivation, Gate>> = {
  "silu": silu(1),
  "scaled-silu": silu(8),
  "identity": bent(1),
  "relu": bent(0),
  "leaky-relu": bent(0.01),
  "tanh": { value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
};

/** What x and the branch are multiplied by in a residual addition with GPAS. */
export interface AddGpasWeights {
  /** The factor of the stream x. */
  readonly x: number;
  /** The factor of what the sub-layer adds. */
  readonly branch: number;
}

/**
 * The weights of the value: (1 − act(gate)) on what the gate scales.
 *
 * @param gate The gate.
 * @param attributes Its function, what it scales, and alpha.
 * @returns The weights.
 */
export function valueWeights(
  gate: number,
  { activation, on, alpha }: AddGpasAttributes,
): AddGpasWeights {
  const kept = 1 - gates[activation].value(gate);
  return { x: kept * alpha, branch: on === "sum" ? kept : 1 };
}

/**
 * The weights of the gradient to the gate: dGate = Σ dy ⊙ (x · weights.x + branch · weights.branch).
 *
 * @param gate The gate.
 * @param attributes Its function, what it scales, and alpha.
 * @returns The weights.
 */
export function slopeWeights(
  gate: number,
  { activation, on, alpha }: AddGpasAttributes,
): AddGpasWeights {
  const slope = gates[activation].slope(gate);
  return { x: -slope * alpha, branch: on === "sum" ? -slope : 0 };
}
