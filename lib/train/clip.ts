// Clipping of gradients by their joint norm: of all parameters, and of the GPAS gates alone.

import * as tf from "@tensorflow/tfjs";
import { requireNumber } from "../core/check.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { mapTree, tensorsOf } from "../core/tree.ts";

/**
 * The joint L2 norm of a tree.
 *
 * @param tree A tree of tensors.
 * @returns The norm, a scalar; 0 for an empty tree.
 */
export function globalNorm<P>(tree: P): Scalar {
  return normOf(tensorsOf(tree).map(({ value }) => value));
}

function normOf(tensors: readonly Tensor[]): Scalar {
  return tf.tidy(() => {
    const squares = tensors.map((tensor) => tf.sum(tf.square(tensor)));
    // not addN: WebGPU binds all of its inputs at once, and a model has more parameters than a shader may have buffers
    return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.sum(tf.stack(squares))).asScalar();
  });
}

/**
 * Scales the gradients of some parameters so that their joint norm is at most a limit.
 *
 * ```
 * g ← g · min(1, limit / ‖g‖)
 * ```
 *
 * Source: Pascanu et al. 2013, Algorithm 1; Chen et al. 2025, released code (`clip_gate_grad`) for the gates alone.
 *
 * @param gradient The gradients; they are not freed.
 * @param limit The largest norm, in the gradients' units.
 * @param chosen Which parameters are meant, by path; all by default. {@linkcode isGate} chooses the gates.
 * @returns New gradients.
 * @throws {RangeError} If the limit is not above 0.
 */
export function clipByNorm<P>(
  gradient: P,
  limit: number,
  chosen: (path: string) => boolean = () => true,
): P {
  requireNumber("clipping limit", limit, { above: 0 });
  const meant = tensorsOf(gradient).filter(({ path }) => chosen(path));
  const factor = tf.tidy(() =>
    tf.minimum(1, tf.div(limit, normOf(meant.map(({ value }) => value))))
  );
  const clipped = mapTree<P, Tensor>(
    gradient,
    (g, path) => chosen(path) ? tf.mul(g, factor) : g.clone(),
  );
  factor.dispose();
  return clipped;
}
