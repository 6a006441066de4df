// Gradient-preserving activation scaling: the operator. Where it acts in a residual block is said in `residual/gpas.ts`.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireNumber, requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { callKernel, hasKernel, registerKernelGradient } from "../kernels/call.ts";
import type { GateActivation } from "../kernels/contract.ts";
import { requireSameShape } from "./same_shape.ts";
import { zerosFrom } from "./zeros.ts";
import { gateActivations } from "./activations.ts";
import { stopGradient } from "./stop_gradient.ts";

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
 * −act′(gate) · Σ dy ⊙ x. Where act(gate) > 1 the stream changes its sign and the gradient does not: weights with an odd number of such
 * sites behind them then climb; a gate that both sub-layers share makes that the weights between its two sites.
 *
 * Shapes: x any · gate [] · returns the shape of x
 * Source: Chen et al. 2025, Eq. 1–3 (arXiv 2506.22049).
 *
 * @param x The activations to scale.
 * @param gate The learned gate α, a scalar; 0 leaves x as it is.
 * @param options The gate's activation.
 * @returns The scaled activations.
 * @throws {RangeError} If the gate is not a scalar or the activation is unknown.
 * @throws {TypeError} If a tensor is not float32.
 */
export function gpas(x: Tensor, gate: Tensor, options: GpasOptions = {}): Tensor {
  requireOptions("gpas()", options, { activation: "string?" });
  requireDtype("float32", { x, gate });
  const activation = checkGate(gate, options);
  if (x.size === 0) return zerosFrom(x.shape, [x, gate]);
  return hasKernel("NormkitGpas")
    ? callKernel("NormkitGpas", [x, gate], { activation })[0]!
    : tf.tidy(() => composedGpas(x, gate, activation));
}

/** Options of {@linkcode addGpas}. */
export interface AddGpasOptions extends GpasOptions {
  /** What the gate scales: the `sum` of stream and branch, or the `shortcut` alone, where the sum goes into a norm. */
  readonly on: "sum" | "shortcut";
  /** Multiplies x, as DeepNorm's α; 1 by default. */
  readonly alpha?: number;
}

/**
 * A residual addition with GPAS, in one pass over the data.
 *
 * ```
 * sum       y = GPAS(alpha · x + branch)
 * shortcut  y = alpha · GPAS(x) + branch
 * ```
 *
 * Shapes: x and branch any, equal · gate [] · returns their shape
 * Source: Chen et al. 2025 (arXiv 2506.22049), Eq. 1–3, and its released code for the shortcut form.
 *
 * @param x The stream.
 * @param branch What is added to it.
 * @param gate The learned gate, a scalar.
 * @param options What is scaled, alpha, and the gate's activation.
 * @returns The new stream.
 * @throws {RangeError} If the shapes differ, the gate is not a scalar, or an option is unknown.
 * @throws {TypeError} If a tensor is not float32.
 */
export function addGpas(x: Tensor, branch: Tensor, gate: Tensor, options: AddGpasOptions): Tensor {
  requireOptions("addGpas()", options, { activation: "string?", on: "string", alpha: "number?" });
  requireDtype("float32", { x, branch, gate });
  const activation = checkGate(gate, options);
  const on = requireOneOf("on", options.on, ["sum", "shortcut"]);
  const alpha = requireNumber("alpha", options.alpha ?? 1);
  requireSameShape(x, branch);
  if (x.size === 0) return zerosFrom(x.shape, [x, branch, gate]);
  if (hasKernel("NormkitAddGpas")) {
    return callKernel("NormkitAddGpas", [x, branch, gate], { activation, on, alpha })[0]!;
  }
  return tf.tidy(() =>
    on === "sum"
      ? composedGpas(tf.add(tf.mul(alpha, x), branch), gate, activation)
      : tf.add(tf.mul(alpha, composedGpas(x, gate, activation)), branch)
  );
}

/** @returns The gate's activation, after both were found to fit. */
function checkGate(gate: Tensor, { activation = "silu" }: GpasOptions): GateActivation {
  if (gate.rank !== 0) {
    throw new RangeError(
      `Cannot scale with a gate of shape [${gate.shape.join(", ")}]: it must be a scalar, shape []`,
    );
  }
  const known = Object.keys(gateActivations) as GateActivation[];
  return requireOneOf("activation", activation, known);
}

function composedGpas(x: Tensor, gate: Tensor, activation: GateActivation): Tensor {
  return tf.sub(x, tf.mul(gateActivations[activation](gate), stopGradient(x)));
}

registerKernelGradient("NormkitGpas", {
  keepInputs: true,
  gradient: ([dy], [x, gate], attributes) => [
    dy!.clone(),
    ...callKernel("NormkitGpasGradient", [dy!, x!, gate!], attributes),
  ],
});

registerKernelGradient("NormkitAddGpas", {
  keepInputs: true,
  gradient: ([dy], kept, attributes) => [
    attributes.alpha === 1 ? dy!.clone() : tf.mul(attributes.alpha, dy!),
    dy!.clone(),
    ...callKernel("NormkitAddGpasGradient", [dy!, ...kept], attributes),
  ],
});
