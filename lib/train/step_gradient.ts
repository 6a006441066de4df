// The gradient of one training step: averaged over the step's batches, then clipped.

import * as tf from "@tensorflow/tfjs";
import { valueAndGradient } from "../backend/gradient.ts";
import type { Random } from "../core/random.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { disposeTree, fillTree, tensorsOf } from "../core/tree.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { decoder } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { isGate } from "../decoder/gates.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { clipByNorm, clipFactor } from "./clip.ts";
import type { Batch } from "./batch.ts";
import type { TrainSettings } from "./record.ts";

/** From parameters that are trained to the decoder that runs; the same decoder, computed in another way. */
export type ModelForm = (
  parameters: DecoderParameters,
  config: DecoderConfig,
) => { readonly parameters: DecoderParameters; readonly config: DecoderConfig };

/** Mean loss and mean gradient over the batches of one step; the gradient goes through the form. */
export function lossAndGradient(
  parameters: DecoderParameters,
  config: DecoderConfig,
  batches: readonly Batch[],
  { dropout, step, form }: {
    readonly dropout: Random;
    readonly step: number;
    readonly form?: ModelForm | undefined;
  },
): { loss: Scalar; gradient: DecoderParameters } {
  const parts = batches.map(({ inputs, targets }, i) =>
    valueAndGradient(parameters, (p) => {
      const model = form?.(p, config) ?? { parameters: p, config };
      const options = { dropout: dropout.fork(i), step };
      return crossEntropy(decoder(model.parameters, model.config, inputs, options), targets);
    })
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
export interface ClippedGradient {
  /** The gradient, its gates clipped by themselves. */
  readonly gradient: DecoderParameters;
  /** The factor that clips all of it; absent where nothing clips. */
  readonly scale?: Scalar;
}

/**
 * Clips a gradient as the settings say, all of it first and then the gates; frees what it replaces.
 *
 * @returns The gradient to step with, and its scale.
 */
export function clipGradient(
  gradient: DecoderParameters,
  { clip, clipGates }: TrainSettings,
): ClippedGradient {
  const scaled = clip === undefined ? {} : { scale: clipFactor(gradient, clip) };
  if (clipGates === undefined) return { gradient, ...scaled };
  const clipped = clipByNorm(gradient, clipGates, { chosen: isGate, ...scaled });
  disposeTree(gradient);
  return { gradient: clipped, ...scaled };
}
