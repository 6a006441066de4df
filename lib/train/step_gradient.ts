// The gradient of one training step: averaged over the step's batches, then clipped.

import * as tf from "@tensorflow/tfjs";
import { valueAndGradient } from "../backend/gradient.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { disposeTree, mapTree, tensorsOf } from "../core/tree.ts";
import { clipByNorm, clipFactor } from "./clip.ts";
import type { RunSettings } from "./record.ts";
import type { StepOptions, Subject } from "./subject.ts";

/** What a batch leaves, or all batches so far. */
interface Part<P> {
  readonly value: Scalar;
  readonly gradient: P;
}

/** Tensors of two trees, made into those of one; the trees are freed, leaf by leaf. */
function merged<P>(one: P, other: P, merge: (a: Tensor, b: Tensor) => Tensor): P {
  const others = tensorsOf(other);
  let at = 0;
  return mapTree<P, Tensor>(one, (a) => {
    const b = others[at++]!.value;
    const result = merge(a, b);
    a.dispose();
    b.dispose();
    return result;
  });
}

/**
 * Mean loss and mean gradient over the batches of one step. There are never more than two gradients: the sum, and that of the batch at hand.
 */
export function lossAndGradient<P, B>(
  parameters: P,
  loss: Subject<P, B>["loss"],
  batches: readonly B[],
  { dropout, ...options }: StepOptions,
): { loss: Scalar; gradient: P } {
  const count = batches.length;
  const parts = (batch: B, i: number): Part<P> =>
    valueAndGradient(parameters, (p) => loss(p, batch, { dropout: dropout.fork(i), ...options }));
  let sum = parts(batches[0]!, 0);
  for (let i = 1; i < count; i++) {
    sum = merged(sum, parts(batches[i]!, i), (a, b) => tf.add(a, b));
  }
  if (count === 1) return { loss: sum.value, gradient: sum.gradient };
  const mean = mapTree<Part<P>, Tensor>(sum, (total) => {
    const result = tf.div(total, count);
    total.dispose();
    return result;
  });
  return { loss: mean.value, gradient: mean.gradient };
}

/** A gradient and what an optimizer is to multiply it by; the caller frees both. */
export interface ClippedGradient<P> {
  /** The gradient, its gates clipped by themselves. */
  readonly gradient: P;
  /** The factor that clips all of it; absent where nothing clips. */
  readonly scale?: Scalar;
}

/**
 * Clips a gradient as the settings say, all of it first and then the gates; frees what it replaces.
 *
 * @returns The gradient to step with, and its scale.
 */
export function clipGradient<P>(
  gradient: P,
  { clip, clipGates }: RunSettings,
  isGate: (path: string) => boolean,
): ClippedGradient<P> {
  const scaled = clip === undefined ? {} : { scale: clipFactor(gradient, clip) };
  if (clipGates === undefined) return { gradient, ...scaled };
  const clipped = clipByNorm(gradient, clipGates, { chosen: isGate, ...scaled });
  disposeTree(gradient);
  return { gradient: clipped, ...scaled };
}
