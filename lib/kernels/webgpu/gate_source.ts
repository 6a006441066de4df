// The functions of a GPAS gate and their derivatives. Each thread computes one value for a whole tensor, so it is computed well:
// exp in float32's own precision, of which drivers give up some digits, and 1 − tanh without cancellation.

import type { GateActivation } from "../contract.ts";
import { isNan } from "./wgsl.ts";

/** WGSL expressions of x. */
interface Gate {
  /** 1 − act(x) */
  readonly rest: string;
  /** act′(x) */
  readonly slope: string;
}

/** act(x) = x · sigmoid(k x) */
const silu = (k: number): Gate => ({
  rest: `1.0 - x * sigmoid(${k}.0 * x)`,
  slope: `sigmoid(${k}.0 * x) * (1.0 + ${k}.0 * x * sigmoid(-${k}.0 * x))`,
});

/** Slope 1 above 0, and another one elsewhere. */
const bent = (below: number): Gate => ({
  rest: `1.0 - select(f32(${below}) * x, x, x > 0.0)`,
  slope: `select(f32(${below}), 1.0, x > 0.0)`,
});

const gates: Readonly<Record<GateActivation, Gate>> = {
  "silu": silu(1),
  "scaled-silu": silu(8),
  "identity": bent(1),
  "relu": bent(0),
  "leaky-relu": bent(0.01),
  "tanh": { rest: "2.0 * sigmoid(-2.0 * x)", slope: "4.0 * sigmoid(2.0 * x) * sigmoid(-2.0 * x)" },
};

/**
 * Functions of the gate: `rest(x)`, which is 1 − act(x), and `slope(x)`, the derivative of act.
 *
 * @param activation The gate's function.
 * @returns WGSL source.
 */
export function gateFunctions(activation: GateActivation): string {
  const { rest, slope } = gates[activation];
  return `
fn precise_exp(x: f32) -> f32 {
  let bounded = clamp(x, -80.0, 80.0);
  let n = round(bounded * 1.4426950408889634);
  let r = (bounded - n * 0.693359375) + n * 2.12194440e-4; // ln 2 in two parts
  let tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r / 5040.0));
  return ldexp(1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail))), i32(n));
}
fn sigmoid(x: f32) -> f32 { return select(1.0 / (1.0 + precise_exp(-x)), x, ${isNan("x")}); }
fn rest(x: f32) -> f32 { return select(${rest}, x, ${isNan("x")}); }
fn slope(x: f32) -> f32 { return ${slope}; }
`;
}
