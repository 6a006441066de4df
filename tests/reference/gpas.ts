/**
 * GPAS in float64: `x − act(gate) · sg(x)`, and its gradients by the paper's definition.
 * The stop-gradient makes the gradient to `x` the identity, so it is not the derivative of the value:
 * differences of the value must disagree with {@linkcode gpasGrad}, except in the gate.
 * Source: Chen et al. 2025, Eq. 1–3.
 *
 * @module
 */
import { dot, type Row } from "./rows.ts";

/** The activations that a gate may pass through. */
export type GateActivation = "silu" | "identity" | "relu" | "tanh" | "leaky-relu" | "scaled-silu";

interface Curve {
  value(gate: number): number;
  slope(gate: number): number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** x · σ(kx) and its derivative. */
const silu = (k: number): Curve => ({
  value: (x) => x * sigmoid(k * x),
  slope: (x) => sigmoid(k * x) * (1 + k * x * (1 - sigmoid(k * x))),
});

/** Slope 1 above zero and `below` elsewhere. */
const rectifier = (below: number): Curve => ({
  value: (x) => (x > 0 ? x : below * x),
  slope: (x) => (x > 0 ? 1 : below),
});

/** Value and derivative of each gate activation. */
export const gateActivations: Readonly<Record<GateActivation, Curve>> = {
  "silu": silu(1),
  "scaled-silu": silu(8),
  "identity": rectifier(1),
  "relu": rectifier(0),
  "leaky-relu": rectifier(0.01),
  "tanh": { value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
};

/** The value of GPAS: `(1 − act(gate)) x`. */
export function gpas(x: Row, gate: number, activation: GateActivation = "silu"): number[] {
  const scale = 1 - gateActivations[activation].value(gate);
  return Array.from(x, (value) => scale * value);
}

/** The gradients of GPAS: `dx = dy`, `dGate = −act′(gate) Σ dy ⊙ x`. */
export function gpasGrad(
  x: Row,
  dy: Row,
  gate: number,
  activation: GateActivation = "silu",
): { dx: number[]; dGate: number } {
  return { dx: Array.from(dy), dGate: -gateActivations[activation].slope(gate) * dot(dy, x) };
}
