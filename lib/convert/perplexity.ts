// The perplexity of two models on one text.

import type { Arithmetic } from "../interpret/arithmetic.ts";
import { float32 } from "../interpret/float32.ts";
import { runModel } from "../interpret/stream.ts";
import { perplexity } from "../metrics/likelihood.ts";
import { isCausal, languageHeadOf } from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import { nextTokenLoss } from "../interpret/next_token_loss.ts";
import { requireTokens, tokenLimits } from "./inputs.ts";

/** The perplexity of two models, in float32. */
export interface Perplexity {
  /** exp of the mean loss, of the model that is right. */
  readonly expected: number;
  /** exp of the mean loss, of the other. */
  readonly actual: number;
  /** The tokens that were predicted. */
  readonly tokens: number;
}

/** The longest stretch of a text that is read at once. */
const longest = 256;

async function lossOf<T>(
  arithmetic: Arithmetic<T>,
  model: Model,
  tokens: readonly number[],
): Promise<number> {
  const { outputs } = await runModel(arithmetic, model, { tokens });
  const { logits } = outputs;
  if (logits === undefined || languageHeadOf(model.spec) === undefined) {
    throw new RangeError("Cannot measure the perplexity of a model that is no language model");
  }
  if (!Object.values(model.spec.stacks).every(isCausal)) {
    throw new RangeError(
      `Cannot measure the perplexity of this ${model.family.label} model: its tokens see those that follow`,
    );
  }
  return nextTokenLoss(logits, tokens);
}

/**
 * The perplexity of two models on a text, which is cut into stretches of up to 256 tokens.
 *
 * Units: exp of nats per token.
 *
 * @param expected A language model.
 * @param actual Another one.
 * @param tokens The text, at least two tokens.
 * @returns Both perplexities.
 * @throws {RangeError} If the text is too short or has unknown tokens, or a model is no language model.
 */
export async function measurePerplexity(
  expected: Model,
  actual: Model,
  tokens: readonly number[],
): Promise<Perplexity> {
  const length = Math.min(longest, tokenLimits(expected)?.context ?? longest);
  let [expectedLoss, actualLoss, count] = [0, 0, 0];
  for (let first = 0; first + 1 < tokens.length; first += length) {
    const stretch = requireTokens(expected, tokens.slice(first, first + length));
    if (stretch.length < 2) continue;
    const predicted = stretch.length - 1;
    expectedLoss += predicted * await lossOf(float32(), expected, stretch);
    actualLoss += predicted * await lossOf(float32(), actual, stretch);
    count += predicted;
  }
  if (count === 0) {
    throw new RangeError(
      `Cannot measure a perplexity on ${tokens.length} tokens: there must be at least two`,
    );
  }
  return {
    expected: perplexity(expectedLoss / count),
    actual: perplexity(actualLoss / count),
    tokens: count,
  };
}
