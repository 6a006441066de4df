// Gradient-preserving activation scaling: the operator. Where it acts in a residual block is said in `residual/gpas.ts`.

import * as tf from "@tensorflow/tfjs";
import { requireOneOf } from "../core/check.ts";
import { type GateActivation, gateActivations } from "./activations.ts";
import { stopGradient } from "./stop_gradient.ts";
import type { Tensor } from "../core/tensor.ts";

/** Options of {@linkcode gpas}. */
export interface GpasOptions {
  /** The function of the gate; SiLU by default. */
  readonly activation?: GateActivation;
}

/**
 * Gradient-preserving activation scaling.
 *
 * ```
 * y = x − act(gate) · sg(x)
 * ```
 *
 * The value is (1 − act(gate)) · x, the gradient to x is exactly the identity, the gradient to the gate is
 * −act′(gate) · Σ dy ⊙ x. Where act(gate) ≥ 1 the stream vanishes or changes sign, and with it every earlier gradient.
 *
 * Shapes: x any · gate [] · returns the shape of x
 * Source: Chen et al. 2025, Eq. 1–3 (arXiv 2506.22049).
 *
 * @param x The activations to scale.
 * @param gate The learned gate α, a scalar; 0 leaves x as it is.
 * @param options The gate's activation.
 * @returns The scaled activations.
 * @throws {RangeError} If the gate is not a scalar or the activation is unknown.
 */
export function gpas(x: Tensor, gate: Tensor, options: GpasOptions = {}): Tensor {
  if (gate.rank !== 0) {
    throw new RangeError(
      `Cannot scale with a gate of shape [${gate.shape.join(", ")}]: it must be a scalar, shape []`,
    );
  }
  const known = Object.keys(gateActivations) as GateActivation[];
  const act = gateActivations[requireOneOf("activation", options.activation ?? "silu", known)];
  return tf.tidy(() => tf.sub(x, tf.mul(act(gate), stopGradient(x))));
}
