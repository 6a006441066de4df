// A probe that removes one layer at a time and measures the loss without it.

import { takeNumbers } from "../backend/read.ts";
import type { DescribedParameters } from "../decoder/described.ts";
import type { ModelSpec } from "../model/spec.ts";
import { observedLoss, type ProbedBatch, type ProbedModel } from "./observe.ts";

/** The loss without one layer. */
export type RemovalRow = {
  /** `removal` */
  readonly kind: "removal";
  /** The stack, where the model has several. */
  readonly stack?: string;
  /** The layer that is left out, from 1. */
  readonly layer: number;
  /** The loss without it (nats). */
  readonly loss: number;
  /** How much more that is than the loss of the whole model (nats): ΔP. */
  readonly increase: number;
};

/** The model with nothing at one layer of a stack: the stream passes, and all other layers keep their numbers. */
function without(spec: ModelSpec, name: string, index: number): ModelSpec {
  const stack = spec.stacks[name]!;
  const blocks = stack.blocks.with(index, { parallel: false, branches: [] });
  return { ...spec, stacks: { ...spec.stacks, [name]: { ...stack, blocks } } };
}

/**
 * How much the loss rises when a layer is left out and nothing is trained again.
 *
 * Source: Sun et al. 2025 (The Curse of Depth), §2.1, and Chen et al. 2025 (GPAS), Fig. 7, with the loss in place of benchmarks.
 *
 * @param parameters The parameters.
 * @param model A decoder's configuration, or any model's spec.
 * @param batch Rows of token ids and the token that follows each, or what a model of any kind reads and its loss.
 * @returns One row for each layer of each stack.
 */
export async function probeRemoval(
  parameters: DescribedParameters,
  model: ProbedModel,
  batch: ProbedBatch,
): Promise<RemovalRow[]> {
  const { spec, lossOf } = observedLoss("probeRemoval()", model, batch);
  const stacks = Object.entries(spec.stacks);
  const places = stacks.flatMap(([name, { blocks }]) =>
    blocks.map((_, index) => ({ name, index }))
  );
  const variants = places.map(({ name, index }) => without(spec, name, index));
  const [whole, ...losses] = await takeNumbers(
    [spec, ...variants].map((variant) => lossOf(parameters, variant)),
  );
  return places.map(({ name, index }, at) => ({
    kind: "removal",
    ...(stacks.length === 1 ? {} : { stack: name }),
    layer: index + 1,
    loss: losses[at]!,
    increase: losses[at]! - whole!,
  }));
}
