// A decoder-only language model of any family: its spec with the limits on its tokens. The decoders of this library are such.

import type { Tensor } from "../core/tensor.ts";
import { requireOptions } from "../core/options.ts";
import type { EntryOf } from "../model/interpreter.ts";
import type { ModelSpec } from "../model/spec.ts";
import { type CompleteConfig, completeConfig, type DecoderConfig } from "./config.ts";
import { decoderBlueprint } from "./spec.ts";
import type { DecoderParameters } from "./initialization.ts";

/** What a stack reads. */
export interface TokenLimits {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** The longest sequence, in tokens. */
  readonly context: number;
}

/** A decoder of any family, without its parameters. */
export interface DescribedDecoder extends TokenLimits {
  /** What it computes: one causal stack that reads tokens, and one head that reads every position. */
  readonly spec: ModelSpec;
  /** The share of values dropped at the end of each branch and after the embedding; 0 by default. */
  readonly dropout?: number;
}

/** Parameters by the names that a spec gives them. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** The parameters of a described decoder: a tree of which the paths are the spec's names, or tensors by name. */
export type DescribedParameters = DecoderParameters | NamedTensors;

/**
 * Parts parameters that are trained from those that stay as they are.
 *
 * @param parameters The parameters.
 * @param spec Which of them are frozen.
 * @returns Both; the tensors are the given ones.
 */
export function parted<P extends DescribedParameters>(
  parameters: P,
  { frozen = [] }: ModelSpec,
): { readonly trained: P; readonly frozen: NamedTensors } {
  const of = (stays: boolean): object =>
    Object.fromEntries(
      Object.entries(parameters).filter(([name]) => frozen.includes(name) === stays),
    );
  return { trained: of(false) as P, frozen: of(true) as NamedTensors };
}

/**
 * What a stack of tokens reads, by its tables.
 *
 * @param entry What starts the stack.
 * @param shapeOf The shape of a parameter.
 * @param open The longest sequence where no table of positions says it.
 * @returns The number of tokens, and the longest sequence.
 */
export function tokenLimits(
  { tokens, positions, offset }: EntryOf<"tokens">,
  shapeOf: (name: string) => readonly number[],
  open: number,
): TokenLimits {
  return {
    vocabulary: shapeOf(tokens.table)[0]!,
    context: positions === undefined ? open : shapeOf(positions.table).at(-2)! - offset,
  };
}

function ofConfig(config: CompleteConfig): DescribedDecoder {
  const { vocabulary, context, dropout } = config;
  return { spec: decoderBlueprint(config).spec, vocabulary, context, dropout };
}

/** Whether a model is given by its spec. */
export function isDescribed<M extends { readonly spec: ModelSpec }>(
  model: DecoderConfig | M,
): model is M {
  return typeof model === "object" && model !== null && "spec" in model;
}

/**
 * The description of a decoder.
 *
 * @param model A configuration of a decoder of this library, or a described decoder, which is returned.
 * @returns The described decoder.
 * @throws {RangeError} If the configuration is out of range, or the model has options that there are not.
 */
export function describedBy(model: DecoderConfig | DescribedDecoder): DescribedDecoder {
  if (!isDescribed(model)) return ofConfig(completeConfig(model));
  requireOptions("a described decoder", model, {
    spec: "object",
    vocabulary: "number",
    context: "number",
    dropout: "number?",
  });
  return model;
}
