// The decoder-only Transformer: its parameters, and its configuration or spec, in the forward pass of all models.

import { requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import type { TokenBatch } from "../interpret/eager.ts";
import { runBatch, type RunOptions } from "../transformer/run.ts";
import type { DecoderConfig } from "./config.ts";
import {
  describedBy,
  type DescribedDecoder,
  type DescribedParameters,
  type TokenLimits,
} from "./described.ts";

/** Token ids in [0, V): B rows of the same length T. */
export type Tokens = readonly ArrayLike<number>[];

/** What a forward pass may do besides computing logits. */
export type DecoderOptions = Omit<RunOptions, "keyLengths">;

/**
 * Requires tokens that a model knows.
 *
 * @param tokens Token ids.
 * @param where What they are, for the message, such as `row 0`.
 * @param vocabulary How many tokens there are.
 * @throws {RangeError} If one is no whole number in [0, V).
 */
export function requireTokens(tokens: ArrayLike<number>, where: string, vocabulary: number): void {
  const bad = Array.from(tokens).find((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary);
  if (bad === undefined) return;
  throw new RangeError(
    `Cannot use token ${bad} in ${where}: tokens go from 0 to ${vocabulary - 1}`,
  );
}

/**
 * Checks tokens against a model and joins their rows.
 *
 * @param tokens Rows of token ids.
 * @param model The number of tokens that it knows, and the most that it reads at once.
 * @param past How many tokens came before.
 * @returns The batch.
 * @throws {RangeError} If a token is outside the vocabulary, a sequence is longer than the context, or rows differ in length.
 */
export function batchOfTokens(
  tokens: Tokens,
  { vocabulary, context }: TokenLimits,
  past: number,
): TokenBatch {
  const length = tokens[0]?.length ?? 0;
  if (length === 0) {
    throw new RangeError("Cannot run on no tokens: give at least one row of at least one token");
  }
  if (past + length > context) {
    throw new RangeError(
      `Cannot run on a sequence of ${past + length} tokens: the context holds ${context}`,
    );
  }
  const ids = new Int32Array(tokens.length * length);
  tokens.forEach((row, index) => {
    if (row.length !== length) {
      throw new RangeError(
        `Cannot run on rows of ${length} and ${row.length} tokens: rows must be equally long`,
      );
    }
    requireTokens(row, `row ${index}`, vocabulary);
    ids.set(row, index * length);
  });
  return { ids, size: [tokens.length, length] };
}

/**
 * The logits of a decoder: one of this library, or one of any family by its spec.
 *
 * Shapes: tokens B rows of T ids · returns [B, T, V]
 * Units: unnormalized log probabilities, in nats.
 *
 * @param parameters The parameters, from {@linkcode initDecoder} of the same configuration, or those that the spec names.
 * @param config The configuration, or the described decoder.
 * @param tokens Rows of token ids.
 * @param options Taps and dropout.
 * @returns The logits of the next token at each position.
 * @throws {RangeError} If a token is outside the vocabulary, a sequence is longer than the context, or rows differ in length.
 * @throws {TypeError} If a parameter is not float32.
 */
export function decoder(
  parameters: DescribedParameters,
  config: DecoderConfig | DescribedDecoder,
  tokens: Tokens,
  options: DecoderOptions = {},
): Tensor {
  requireOptions("decoder()", options, {
    tap: "function?",
    dropout: "object?",
    step: "number?",
    checkpointing: "boolean?",
    store: "object?",
  });
  const model = describedBy(config);
  const batch = batchOfTokens(tokens, model, options.store?.past ?? 0);
  return runBatch(parameters, model, { tokens: batch }, options)["logits"]!;
}
