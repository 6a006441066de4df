// Value and gradient of a scalar function of a parameter tree: tfjs differentiates lists of tensors, a model's parameters are a
// tree.

import * as tf from "@tensorflow/tfjs";
import { fillTree, tensorsOf } from "../core/tree.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";

/** A function's value and its gradient, a tree of the parameters' shape. */
export interface ValueAndGradient<P> {
  /** The value, a scalar. */
  readonly value: Scalar;
  /** The gradient with respect to each parameter. */
  readonly gradient: P;
}

/**
 * Value and gradient of a scalar function of parameters.
 *
 * @param parameters A tree of tensors.
 * @param f The function; it must use every parameter.
 * @returns The value and the gradient; the caller frees both.
 * @throws {Error} If `f` does not use a parameter or is not scalar (from tfjs).
 */
export function valueAndGradient<P>(
  parameters: P,
  f: (parameters: P) => Tensor,
): ValueAndGradient<P> {
  const inputs = tensorsOf(parameters).map(({ value }) => value);
  const scalar = (...values: Tensor[]): Scalar =>
    tf.tidy(() => f(fillTree(parameters, values)).asScalar());
  const { value, grads } = tf.valueAndGrads(scalar)(inputs);
  return { value: value as Scalar, gradient: fillTree(parameters, grads) };
}
