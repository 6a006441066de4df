// The gradient of one training step: averaged over the step's batches, then clipped.

import * as tf from "@tensorflow/tfjs";
import { valueAndGradient } from "../backend/gradient.ts";
import type { Random } from "../core/random.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { disposeTree, fillTree, tensorsOf } from "../core/tree.ts";
import type { Tokens } from "../decoder/decoder.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { clipByNorm, clipFactor } from "./clip.ts";
import type { Batch } from "./batch.ts";
import type { RunSettings } from "./record.ts";

/** The logits of which a training computes its loss. */
export type Logits<P> = (
  parameters: P,
  tokens: Tokens,
  options: { readonly dropout: Random; readonly step: number },
) => Tensor;

/** Mean loss and mean gradient over the batches of one step. */
export function lossAndGradient<P>(
  parameters: P,
  logits: Logits<P>,
  batches: readonly Batch[],
  { dropout, step }: { readonly dropout: Random; readonly step: number },
): { loss: Scalar; gradient: P } {
  const parts = batches.map(({ inputs, targets }, i) =>
    valueAndGradient(
      parameters,
      (p) => crossEntropy(logits(p, inputs, { dropout: dropout.fork(i), step }), targets),
    )
  );
  if (parts.length === 1) return { loss: parts[0]!.value, gradient: parts[0]!.gradient };
  const mean = (tensors: Tensor[]): Tensor => tf.tidy(() => tf.mean(tf.stack(tensors), 0));
  const lists = parts.map(({ gradient }) => tensorsOf(gradient));
  const means = lists[0]!.map((_, i) => mean(lists.map((list) => list[i]!.value)));
  const gradient = fillTree(parts[0]!.gradient, means);
  const loss = mean(parts.map(({ value }) => value)) as Scalar;
  for (const part of parts) disposeTree(part);
  return { loss, gradient };
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
