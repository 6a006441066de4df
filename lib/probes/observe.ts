// What probes look at, a model of any kind on a batch, and the way from its named activations to numbers: run once, keep a few small
// tensors, read them all together, free them.

import * as tf from "@tensorflow/tfjs";
import { type Numbers, readAll } from "../backend/read.ts";
import { requireOptions } from "../core/options.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { batchOfTokens, type Tokens } from "../decoder/decoder.ts";
import {
  describedBy,
  type DescribedDecoder,
  type DescribedParameters,
  isDescribed,
} from "../decoder/described.ts";
import { parametersIn } from "../model/parameters.ts";
import type { ModelSpec } from "../model/spec.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { type BatchInputs, runBatch, type Tap } from "../transformer/run.ts";

/** A model that is looked at: a decoder by its configuration or description, or any model by its spec. */
export type ProbedModel = DecoderConfig | DescribedDecoder | { readonly spec: ModelSpec };

/** What it reads: rows of tokens where it is a decoder, or a batch for any model; padding is looked at as well. */
export type ProbedInputs = Tokens | BatchInputs;

/** What a decoder reads and the tokens that follow them, or what any model reads and the loss of its logits. */
export type ProbedBatch =
  | { readonly inputs: Tokens; readonly targets: Int32Array }
  | { readonly inputs: BatchInputs; readonly loss: (logits: Tensor) => Scalar };

/** A model on what it reads. */
export interface Observed {
  /** What is computed. */
  readonly spec: ModelSpec;
  /** What is read. */
  readonly reads: BatchInputs;
}

/**
 * A model on what it reads, in the form of all models.
 *
 * @param model The model.
 * @param inputs What it reads.
 * @returns Its spec, and the batch.
 * @throws {RangeError} If the model or the inputs have options that there are not, or tokens do not fit.
 */
export function observed(model: ProbedModel, inputs: ProbedInputs): Observed {
  if (isTokens(inputs)) {
    const described = describedBy(model as DecoderConfig | DescribedDecoder);
    return {
      spec: described.spec,
      reads: { inputs: { tokens: batchOfTokens(inputs, described, 0) } },
    };
  }
  requireOptions("what a model reads", inputs, { inputs: "object", keyLengths: "list?" });
  return { spec: specOf(model), reads: inputs };
}

const isTokens = (inputs: ProbedInputs): inputs is Tokens => Array.isArray(inputs);

/** What a model computes. */
export const specOf = (model: ProbedModel): ModelSpec =>
  isDescribed(model) ? model.spec : describedBy(model).spec;

/**
 * A model on a batch with its loss.
 *
 * @param of Whose batch it is, for the message.
 * @param model The model.
 * @param batch What it reads, and what follows.
 * @returns The model on what it reads, and the loss of its logits.
 * @throws {RangeError} If the model or the batch have options that there are not, or tokens do not fit.
 */
export function observedLoss(
  of: string,
  model: ProbedModel,
  batch: ProbedBatch,
): Observed & { readonly lossOf: (parameters: unknown, spec?: ModelSpec) => Scalar } {
  requireBatch(of, batch);
  const loss = "loss" in batch
    ? batch.loss
    : (logits: Tensor) => crossEntropy(logits, batch.targets);
  const { spec: own, reads } = observed(model, batch.inputs);
  return {
    spec: own,
    reads,
    lossOf: (parameters, spec = own) =>
      tf.tidy(() => loss(outputsOf(parameters, { spec, reads })["logits"]!)),
  };
}

/** Requires a batch with its loss. */
export function requireBatch(of: string, batch: ProbedBatch): void {
  const isOfAnyModel = typeof batch === "object" && batch !== null && "loss" in batch;
  if (isOfAnyModel) requireOptions(of, batch, { inputs: "object", loss: "function" });
  else requireOptions(of, batch, { inputs: "list", targets: "list" });
}

/** Runs a model. */
export function outputsOf(
  parameters: unknown,
  { spec, reads: { inputs, ...masks } }: Observed,
  tap?: Tap,
): Record<string, Tensor> {
  return runBatch(parameters, { spec }, inputs, {
    ...masks,
    ...(tap === undefined ? {} : { tap }),
  });
}

/** A kept statistic, read back. */
export interface Observation<A> {
  /** What it is of; the name of an activation, or more. */
  readonly of: A;
  /** Its numbers. */
  readonly values: Numbers;
}

/**
 * Runs a model and reads statistics of its activations.
 *
 * @param parameters The parameters: a tree, or tensors by name.
 * @param observed The model on what it reads.
 * @param statistics Called for every activation with a function that keeps a small tensor.
 * @returns What was kept, in order.
 */
export async function observe<A = string>(
  parameters: DescribedParameters,
  observed: Observed,
  statistics: (keep: (of: A, value: Tensor) => void) => Tap,
): Promise<Observation<A>[]> {
  const kept: { of: A; tensor: Tensor }[] = [];
  try {
    tf.tidy(() => {
      const tap = statistics((of, value) => kept.push({ of, tensor: tf.keep(value.clone()) }));
      outputsOf(parameters, observed, ofAllRows(tap));
    });
    const values = await readAll(kept.map(({ tensor }) => tensor));
    return kept.map(({ of }, i) => ({ of, values: values[i]! }));
  } finally {
    for (const { tensor } of kept) tensor.dispose();
  }
}

/** Gives what two networks read or add, one of patches and one of tokens, as one activation of all rows. */
function ofAllRows(tap: Tap): Tap {
  const tokens = new Map<string, Tensor>();
  return (name, value) => {
    const [, whole, rows] = /^(.*_(?:in|out))\.(patches|tokens)$/.exec(name) ?? [];
    if (whole === undefined) tap(name, value);
    else if (rows === "tokens") tokens.set(whole, value); // the forward pass has them first
    else tap(whole, tf.concat([value, tokens.get(whole)!], 1));
  };
}

/** Where in a model something is. */
export interface Place {
  /** The stack, where the model has several. */
  readonly stack?: string;
  /** The layer, from 1; 0 outside the layers. */
  readonly layer: number;
}

/** The place of an activation such as `blocks.3.resid_post` or `encoder.blocks.3.resid_post`. */
export function placeOf(name: string): Place {
  const [, stack, layer = 0] = /^(?:([^.]+)\.)?blocks\.(\d+)\./.exec(name) ?? [];
  return { ...(stack === undefined ? {} : { stack }), layer: Number(layer) };
}

/** The place of each parameter, whatever a family calls it; one that several layers share is in the first. */
export function placesIn({ stacks }: ModelSpec): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const several = Object.keys(stacks).length > 1;
  for (const [stack, whole] of Object.entries(stacks)) {
    [[], ...whole.blocks.map((block) => [block])].forEach((blocks, layer) => {
      for (const name of parametersIn({ stacks: { [stack]: { ...whole, blocks } } }).keys()) {
        if (!places.has(name)) places.set(name, { ...(several ? { stack } : {}), layer });
      }
    });
  }
  return places;
}

/** The arithmetic mean. */
export function average(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
