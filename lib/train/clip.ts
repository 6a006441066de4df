// Clipping of gradients by their joint norm: of all parameters, and of the GPAS gates alone.

import * as tf from "@tensorflow/tfjs";
import { requireNumber } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { type Leaf, mapTree, requireFloats, tensorsOf } from "../core/tree.ts";
import { callKernel, hasKernel } from "../kernels/call.ts";

/**
 * The joint L2 norm of a tree; infinite where single precision does not hold the sum of squares (3.4e38), as in PyTorch.
 *
 * @param tree A tree of tensors.
 * @returns The norm, a scalar; 0 for an empty tree.
 * @throws {TypeError} If a tensor is not float32.
 */
export function globalNorm<P>(tree: P): Scalar {
  return normOf(tensorsOf(tree));
}

function normOf(leaves: readonly Leaf<Tensor>[]): Scalar {
  requireFloats(leaves);
  // of tensors without an element tfjs's WebGPU backend has no sum
  const tensors = leaves.map(({ value }) => value).filter(({ size }) => size > 0);
  return tf.tidy(() => {
    if (tensors.length > 0 && hasKernel("NormkitGlobalNorm")) {
      return callKernel("NormkitGlobalNorm", tensors, {})[0]!.asScalar();
    }
    const squares = tensors.map((tensor) => tf.sum(tf.square(tensor)));
    // not addN: WebGPU binds all of its inputs at once, and a model has more parameters than a shader may have buffers
    return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.sum(tf.stack(squares))).asScalar();
  });
}

/** What a gradient is multiplied by so that its norm is at most a limit. */
export interface ClipOptions {
  /** Which parameters are meant, by path; all by default. {@linkcode isGate} chooses the gates. */
  readonly chosen?: (path: string) => boolean;
  /** A factor that is still to be applied to the gradients; 1 by default. */
  readonly scale?: Scalar;
}

/**
 * The factor that brings the joint norm of some gradients down to a limit.
 *
 * ```
 * min(1, limit / (scale · ‖g‖))
 * ```
 *
 * An optimizer takes it as the scale of its step, which saves a pass over all gradients.
 *
 * Source: Pascanu et al. 2013, Algorithm 1.
 *
 * @param gradient The gradients; they are not freed.
 * @param limit The largest norm, in the gradients' units.
 * @param options Which parameters are meant, and a factor that is still to be applied.
 * @returns The factor, a scalar.
 * @throws {RangeError} If the limit is not above 0.
 * @throws {TypeError} If a gradient is not float32.
 */
export function clipFactor<P>(gradient: P, limit: number, options: ClipOptions = {}): Scalar {
  requireOptions("clipping", options, { chosen: "function?", scale: "tensor?" });
  requireNumber("clipping limit", limit, { above: 0 });
  const { chosen = () => true, scale } = options;
  const meant = tensorsOf(gradient).filter(({ path }) => chosen(path));
  return tf.tidy(() => {
    const norm = scale === undefined ? normOf(meant) : tf.mul(scale, normOf(meant));
    return tf.minimum(1, tf.div(limit, norm)).asScalar();
  });
}

/**
 * Scales the gradients of some parameters so that their joint norm is at most a limit.
 *
 * ```
 * g ← g · min(1, limit / (scale · ‖g‖))
 * ```
 *
 * Source: Pascanu et al. 2013, Algorithm 1; Chen et al. 2025, released code (`clip_gate_grad`) for the gates alone.
 *
 * @param gradient The gradients; they are not freed.
 * @param limit The largest norm, in the gradients' units.
 * @param options Which parameters are meant, and a factor that is still to be applied (this function does not apply it).
 * @returns New gradients.
 * @throws {RangeError} If the limit is not above 0.
 * @throws {TypeError} If a gradient is not float32.
 */
export function clipByNorm<P>(gradient: P, limit: number, options: ClipOptions = {}): P {
  const factor = clipFactor(gradient, limit, options);
  const { chosen = () => true } = options;
  const clipped = mapTree<P, Tensor>(
    gradient,
    (g, path) => chosen(path) ? tf.mul(g, factor) : g.clone(),
  );
  factor.dispose();
  return clipped;
}
