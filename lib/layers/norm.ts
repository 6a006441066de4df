// A norm with parameters. Which function it is ("kind") is independent of where it stands (residual/).

import * as tf from "@tensorflow/tfjs";
import { requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { NormKind } from "../kernels/contract.ts";
import { crmsNorm } from "../ops/crms_norm.ts";
import { layerNorm } from "../ops/layer_norm.ts";
import { rmsNorm } from "../ops/rms_norm.ts";

/** The parameters of a norm. */
export type NormParameters = {
  /** [D], multiplies. */
  readonly gain: Tensor;
  /** [D], added; LayerNorm with biases only. */
  readonly bias?: Tensor;
};

/** Each kind as a function. */
export const normFunctions: Readonly<Record<NormKind, typeof layerNorm>> = {
  "layer": layerNorm,
  "rms": rmsNorm,
  "crms": crmsNorm,
  "crms-padded": (x, options) => crmsNorm(x, { ...options, layout: "padded" }),
};

/**
 * The parameters of a norm at the start: gain 1 (or a constant), bias 0.
 *
 * Shapes: gain [width] · bias [width]
 *
 * @param width The length D of the axis that is normalized.
 * @param options Whether there is a bias, and where the gain starts.
 * @returns The parameters.
 */
export function initNorm(
  width: number,
  options: { readonly bias: boolean; readonly gain?: number },
): NormParameters {
  requireOptions("initNorm()", options, { bias: "boolean", gain: "number?" });
  const gain = tf.fill([width], options.gain ?? 1);
  return options.bias ? { gain, bias: tf.zeros([width]) } : { gain };
}

/**
 * A norm of a kind, with parameters.
 *
 * Shapes: x [..., D] · returns the same
 *
 * @param parameters Its gain and bias.
 * @param x The values.
 * @param options The kind and ε.
 * @returns The normalized values.
 * @throws {RangeError} If an option is unknown, or ε is not above 0.
 */
export function norm(
  parameters: NormParameters,
  x: Tensor,
  options: { readonly kind: NormKind; readonly eps: number },
): Tensor {
  requireOptions("norm()", options, { kind: "string", eps: "number" });
  const kind = requireOneOf("kind", options.kind, Object.keys(normFunctions) as NormKind[]);
  return normFunctions[kind](x, { ...parameters, eps: options.eps });
}
