// The gradient of one training step: averaged over the step's batches, then clipped.

import * as tf from "@tensorflow/tfjs";
import { valueAndGradient } from "../backend/gradient.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { disposeTree, fillTree, tensorsOf } from "../core/tree.ts";
import { clipByNorm, clipFactor } from "./clip.ts";
import type { RunSettings } from "./record.ts";
import type { StepOptions, Subject } from "./subject.ts";

/** Mean loss and mean gradient over the batches of one step. */
export function lossAndGradient<P, B>(
  parameters: P,
  loss: Subject<P, B>["loss"],
  batches: readonly B[],
  { dropout, step }: StepOptions,
): { loss: Scalar; gradient: P } {
  const parts = batches.map((batch, i) =>
    valueAndGradient(parameters, (p) => loss(p, batch, { dropout: dropout.fork(i), step }))
  );
  if (parts.length === 1) return { loss: parts[0]!.value, gradient: parts[0]!.gradient };
  const mean = (tensors: Tensor[]): Tensor => tf.tidy(() => tf.mean(tf.stack(tensors), 0));
  const lists = parts.map(({ gradient }) => tensorsOf(gradient));
  const means = lists[0]!.map((_, i) => mean(lists.map((list) => list[i]!.value)));
  const gradient = fillTree(parts[0]!.gradient, means);
  const value = mean(parts.map((part) => part.value)) as Scalar;
  for (const part of parts) disposeTree(part);
  return { loss: value, gradient };
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
